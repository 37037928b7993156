import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idOrName, listOf, name, noQuery, pageOnly } from '../../schemas.ts';
import { present } from '../present.ts';
import { corpusView, hitView, toCorpusView, toHitView } from './views.ts';

const tags = ['hub'];
const params = z.strictObject({ id: idOrName.meta({ description: 'cor_…, or its name' }) });
const searchQuery = z.strictObject({
  query: z.string().trim().min(1).max(1_000),
  limit: z.coerce.number().int().min(1).max(50).default(5),
});

export const corpusRoutes: Routes = (app, deps) => {
  const { corpora } = deps.services;

  app.post(
    '/v1/corpora',
    {
      schema: {
        tags,
        summary: 'Make a corpus',
        body: z.strictObject({ name }),
        querystring: noQuery,
        response: { 201: corpusView },
      },
      config: { access: { scope: 'hub:write' }, audit: 'corpus.create' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, name: request.body.name };
      const { corpus } = await corpora.createCorpus(command, await commanding(deps, request));
      const view = toCorpusView(present(corpus));
      return reply.code(201).header('location', `/v1/corpora/${view.id}`).send(view);
    },
  );

  app.get(
    '/v1/corpora',
    {
      schema: {
        tags,
        summary: 'Corpora of the workspace',
        querystring: pageOnly,
        response: { 200: listOf(corpusView) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const answer = await corpora.listCorpora({ page: pageRequest(request.query) }, await reading(deps, request));
      return serviceList(answer.corpora, answer.page, toCorpusView);
    },
  );

  app.get(
    '/v1/corpora/:id',
    {
      schema: { tags, summary: 'One corpus', params, querystring: noQuery, response: { 200: corpusView } },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const { corpus } = await corpora.getCorpus({ corpusId: request.params.id }, await reading(deps, request));
      return toCorpusView(present(corpus));
    },
  );

  app.get(
    '/v1/corpora/:id/search',
    {
      schema: {
        tags,
        summary: 'The passages that fit a question best',
        params,
        querystring: searchQuery,
        response: { 200: listOf(hitView) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = { corpusId: request.params.id, ...request.query };
      const { hits } = await corpora.searchCorpus(wish, await reading(deps, request));
      return { data: hits.map(toHitView), has_more: false };
    },
  );
};
