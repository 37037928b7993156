import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idParams, listOf, noQuery, pageOnly } from '../../schemas.ts';
import { present } from '../present.ts';
import { toWorkflowView, workflowView } from './views.ts';

const tags = ['workflow'];
const MAX_DEFINITION_BYTES = 256 * 1024;
const YAML = /^(application|text)\/(x-)?yaml/;

const definitionBody = z
  .union([z.string().min(1), z.record(z.string(), z.json())])
  .meta({ description: 'A Serverless Workflow document, as `application/yaml` or `application/json`' });

export const workflowRoutes: Routes = async (app, deps) => {
  const { definitions } = deps.services;

  // A scope of its own, because here a body may be YAML.
  await app.register((scope, _options, done) => {
    scope.addContentTypeParser(YAML, { parseAs: 'string' }, (_request, body, next) => next(null, body));
    scope.post(
      '/v1/workflows',
      {
        bodyLimit: MAX_DEFINITION_BYTES,
        schema: {
          tags,
          summary: 'Store a version of a workflow; the same document again is the same version',
          consumes: ['application/yaml', 'application/json'],
          body: definitionBody,
          querystring: noQuery,
          response: { 201: workflowView },
        },
        config: { access: { scope: 'workflows:write' }, audit: 'workflow.create' },
      },
      async (request, reply) => {
        const { body } = request;
        const source = typeof body === 'string' ? body : JSON.stringify(body);
        const command = { requestId: request.commandId, source };
        const { definition } = await definitions.createDefinition(command, await commanding(deps, request));
        const view = toWorkflowView(present(definition));
        return reply.code(201).header('location', `/v1/workflows/${view.id}`).send(view);
      },
    );
    done();
  });

  app.get(
    '/v1/workflows',
    {
      schema: {
        tags,
        summary: 'Workflows of the workspace',
        querystring: pageOnly,
        response: { 200: listOf(workflowView) },
      },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const answer = await definitions.listDefinitions(wish, await reading(deps, request));
      return serviceList(answer.definitions, answer.page, toWorkflowView);
    },
  );

  app.get(
    '/v1/workflows/:id',
    {
      schema: { tags, summary: 'One version', params: idParams, querystring: noQuery, response: { 200: workflowView } },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const wish = { definitionId: request.params.id };
      const { definition } = await definitions.getDefinition(wish, await reading(deps, request));
      return toWorkflowView(present(definition));
    },
  );
};
