import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idParam, idParams, jsonValue, listOf, noQuery, pageQuery } from '../../schemas.ts';
import { present } from '../present.ts';
import { humanTaskView, toHumanTaskView } from './views.ts';

const tags = ['workflow'];
const MAX_COMMENT_CHARS = 10_000;
const listQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(['open', 'decided', 'expired', 'withdrawn']).default('open'),
  run_id: idParam.optional(),
});
const decisionBody = z.strictObject({
  action: z.enum(['approve', 'edit', 'reject', 'redo']),
  output: jsonValue.optional().meta({ description: 'For `edit`: the new output' }),
  comment: z.string().max(MAX_COMMENT_CHARS).default(''),
});

/** Where a person is asked. */
export const humanTaskRoutes: Routes = (app, deps) => {
  const { humanTasks } = deps.services;

  app.get(
    '/v1/human-tasks',
    {
      schema: {
        tags,
        summary: 'What waits for a person',
        querystring: listQuery,
        response: { 200: listOf(humanTaskView) },
      },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const { status, run_id: runId = '' } = request.query;
      const wish = { page: pageRequest(request.query), status, runId };
      const answer = await humanTasks.listHumanTasks(wish, await reading(deps, request));
      return serviceList(answer.humanTasks, answer.page, toHumanTaskView);
    },
  );

  app.get(
    '/v1/human-tasks/:id',
    {
      schema: { tags, summary: 'One task', params: idParams, querystring: noQuery, response: { 200: humanTaskView } },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const { humanTask } = await humanTasks.getHumanTask(
        { humanTaskId: request.params.id },
        await reading(deps, request),
      );
      return toHumanTaskView(present(humanTask));
    },
  );

  app.post(
    '/v1/human-tasks/:id/decision',
    {
      schema: {
        tags,
        summary: 'Decide, once',
        params: idParams,
        querystring: noQuery,
        body: decisionBody,
        response: { 200: humanTaskView },
      },
      config: { access: { scope: 'workflows:write' }, audit: 'human_task.decide' },
    },
    async (request) => {
      const { action, output, comment } = request.body;
      const outputJson = output === undefined ? '' : JSON.stringify(output);
      const command = { requestId: request.commandId, humanTaskId: request.params.id, action, outputJson, comment };
      const { humanTask } = await humanTasks.decideHumanTask(command, await commanding(deps, request));
      return toHumanTaskView(present(humanTask));
    },
  );
};
