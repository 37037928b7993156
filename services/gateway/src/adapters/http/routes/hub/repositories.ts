import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idOrName, listOf, noQuery, pageQuery } from '../../schemas.ts';
import { present } from '../present.ts';
import { repositoryView, toRepositoryView } from './views.ts';

const tags = ['hub'];
const KINDS = ['model', 'dataset'] as const;
const createBody = z.strictObject({
  kind: z.enum(KINDS),
  name: z.string().min(1).max(96).meta({ description: 'Unique in the workspace and kind', example: 'iris' }),
});
const listQuery = z.strictObject({ ...pageQuery, kind: z.enum(KINDS).optional() });
const params = z.strictObject({ id: idOrName.meta({ description: 'rep_…, or kind/name with the slash escaped' }) });

export const repositoryRoutes: Routes = (app, deps) => {
  const { repositories } = deps.services;

  app.post(
    '/v1/repositories',
    {
      schema: {
        tags,
        summary: 'Make a repository for a model or a data set',
        body: createBody,
        querystring: noQuery,
        response: { 201: repositoryView },
      },
      config: { access: { scope: 'hub:write' }, audit: 'repository.create' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, ...request.body };
      const { repository } = await repositories.createRepository(command, await commanding(deps, request));
      const view = toRepositoryView(present(repository));
      return reply.code(201).header('location', `/v1/repositories/${view.id}`).send(view);
    },
  );

  app.get(
    '/v1/repositories',
    {
      schema: {
        tags,
        summary: 'Repositories of the workspace',
        querystring: listQuery,
        response: { 200: listOf(repositoryView) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), kind: request.query.kind ?? '' };
      const answer = await repositories.listRepositories(wish, await reading(deps, request));
      return serviceList(answer.repositories, answer.page, toRepositoryView);
    },
  );

  app.get(
    '/v1/repositories/:id',
    {
      schema: { tags, summary: 'One repository', params, querystring: noQuery, response: { 200: repositoryView } },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = { repositoryId: request.params.id };
      const { repository } = await repositories.getRepository(wish, await reading(deps, request));
      return toRepositoryView(present(repository));
    },
  );
};
