import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idParam, idParams, jsonValue, listOf, noQuery, oneOrMore, pageQuery } from '../../schemas.ts';
import { present } from '../present.ts';
import { runView, toRunView } from './views.ts';

const tags = ['workflow'];
const STATUSES = ['pending', 'running', 'waiting', 'completed', 'faulted', 'cancelled'] as const;
const listQuery = z.strictObject({ ...pageQuery, status: oneOrMore(z.enum(STATUSES)) });
const createBody = z.strictObject({
  workflow_id: idParam,
  input: jsonValue.default({}),
  review: z
    .enum(['none', 'every_step', 'as_defined'])
    .default('as_defined')
    .meta({ description: 'Where a person is asked before the run goes on' }),
});

export const runRoutes: Routes = (app, deps) => {
  const { runs } = deps.services;

  app.post(
    '/v1/runs',
    {
      schema: { tags, summary: 'Start a run', body: createBody, querystring: noQuery, response: { 202: runView } },
      config: { access: { scope: 'workflows:write' }, audit: 'run.create' },
    },
    async (request, reply) => {
      const { workflow_id: definitionId, input, review } = request.body;
      const command = { requestId: request.commandId, definitionId, inputJson: JSON.stringify(input), review };
      const { run } = await runs.createRun(command, await commanding(deps, request));
      const view = toRunView(present(run));
      return reply.code(202).header('location', `/v1/runs/${view.id}`).send(view);
    },
  );

  app.get(
    '/v1/runs',
    {
      schema: {
        tags,
        summary: 'Runs of the workspace, newest first',
        querystring: listQuery,
        response: { 200: listOf(runView) },
      },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), statuses: request.query.status };
      const answer = await runs.listRuns(wish, await reading(deps, request));
      return serviceList(answer.runs, answer.page, toRunView);
    },
  );

  app.get(
    '/v1/runs/:id',
    {
      schema: { tags, summary: 'One run', params: idParams, querystring: noQuery, response: { 200: runView } },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const { run } = await runs.getRun({ runId: request.params.id }, await reading(deps, request));
      return toRunView(present(run));
    },
  );

  app.post(
    '/v1/runs/:id/cancel',
    {
      schema: {
        tags,
        summary: 'Cancel a run',
        params: idParams,
        querystring: noQuery,
        body: z.strictObject({}).nullish(),
        response: { 202: runView },
      },
      config: { access: { scope: 'workflows:write' }, audit: 'run.cancel' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, runId: request.params.id };
      const { run } = await runs.cancelRun(command, await commanding(deps, request));
      return reply.code(202).send(toRunView(present(run)));
    },
  );
};
