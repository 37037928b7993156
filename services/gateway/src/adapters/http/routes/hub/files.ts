import { z } from 'zod';
import { reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { idOrName } from '../../schemas.ts';
import { sendFromDataPort } from './data-port.ts';

const params = z.strictObject({ id: idOrName, '*': z.string().min(1).max(1_024) });
const query = z.strictObject({ revision: z.string().min(1).max(128).default('main') });

export const fileRoutes: Routes = (app, deps) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/repositories/:id/files/*',
    schema: {
      tags: ['hub'],
      summary: 'The bytes of a file, whole or by `Range`',
      description: '`ETag` is the SHA-256 of the whole file.',
      params,
      querystring: query,
      produces: ['application/octet-stream'],
    },
    config: { access: { scope: 'hub:read' }, isStreaming: true },
    handler: async (request, reply) => {
      const wish = { repositoryId: request.params.id, path: request.params['*'], revision: request.query.revision };
      const { url } = await deps.services.repositories.grantDownload(wish, await reading(deps, request));
      return sendFromDataPort(request, reply, url);
    },
  });
};
