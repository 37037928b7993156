import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { listOf, noQuery, pageOnly } from '../../schemas.ts';
import { present } from '../present.ts';
import { routeView, toRouteView } from './views.ts';

const tags = ['hub'];
const params = z.strictObject({ '*': z.string().min(1).max(256) });
const routeBody = z.strictObject({
  upstream: z.string().min(1).max(100).meta({ description: 'Name of an upstream in the gateway’s configuration' }),
  upstream_model: z.string().min(1).max(256).meta({ description: 'What the upstream calls it' }),
  description: z.string().max(1_000).default(''),
  is_language_model: z.boolean().default(true),
});

/** Which upstream serves which model: everyone may read it, the operator changes it. */
export const modelRouteRoutes: Routes = (app, deps) => {
  const { routes } = deps.services;

  app.get(
    '/v1/routes',
    {
      schema: { tags, summary: 'Routes of models', querystring: pageOnly, response: { 200: listOf(routeView) } },
      config: { access: { scope: 'hub:read', caller: 'any' } },
    },
    async (request) => {
      const answer = await routes.listRoutes({ page: pageRequest(request.query) }, await reading(deps, request));
      return serviceList(answer.routes, answer.page, toRouteView);
    },
  );

  app.put(
    '/v1/routes/*',
    {
      schema: {
        tags,
        summary: 'Make or change the route of a model; its name may hold slashes',
        params,
        querystring: noQuery,
        body: routeBody,
        response: { 200: routeView },
      },
      config: { access: { scope: 'hub:write', caller: 'operator' }, audit: 'route.put' },
    },
    async (request) => {
      const { body } = request;
      const wanted = {
        model: request.params['*'],
        upstream: body.upstream,
        upstreamModel: body.upstream_model,
        description: body.description,
        isLanguageModel: body.is_language_model,
        version: 0n,
      };
      const command = { requestId: request.commandId, route: wanted };
      const { route } = await routes.putRoute(command, await commanding(deps, request));
      return toRouteView(present(route));
    },
  );

  app.delete(
    '/v1/routes/*',
    {
      schema: {
        tags,
        summary: 'Delete the route of a model',
        params,
        querystring: noQuery,
        response: { 204: z.null() },
      },
      config: { access: { scope: 'hub:write', caller: 'operator' }, audit: 'route.delete' },
    },
    async (request, reply) => {
      await routes.deleteRoute({ model: request.params['*'] }, await commanding(deps, request));
      return reply.code(204).send(null);
    },
  );
};
