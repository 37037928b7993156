import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { idParam, idParams, jsonValue, listOf, noQuery } from '../../schemas.ts';
import { present } from '../present.ts';
import { runView, stepView, toRunView, toStepView } from './views.ts';

const tags = ['workflow'];
const MAX_COMMENT_CHARS = 10_000;
const stepParams = z.strictObject({ id: idParam, step_id: idParam });
const interventionBody = z.strictObject({
  action: z.enum(['approve', 'edit', 'reject', 'redo', 'skip', 'fork']),
  output: jsonValue.optional().meta({ description: 'For `edit`, and optionally `skip`: the new output' }),
  comment: z.string().max(MAX_COMMENT_CHARS).default(''),
  expected_revision: z.int().min(0).max(2_147_483_647).default(0).meta({ description: '0 does not check' }),
});

export const stepRoutes: Routes = (app, deps) => {
  const { runs } = deps.services;

  app.get(
    '/v1/runs/:id/steps',
    {
      schema: {
        tags,
        summary: 'Steps of a run in their order, with the cost of each',
        params: idParams,
        querystring: z.strictObject({ include_superseded: z.enum(['true', 'false']).default('false') }),
        response: { 200: listOf(stepView) },
      },
      config: { access: { scope: 'workflows:read' } },
    },
    async (request) => {
      const wish = { runId: request.params.id, includeSuperseded: request.query.include_superseded === 'true' };
      const { steps } = await runs.listSteps(wish, await reading(deps, request));
      return { data: steps.map(toStepView), has_more: false };
    },
  );

  app.post(
    '/v1/runs/:id/steps/:step_id/interventions',
    {
      schema: {
        tags,
        summary: 'Lay a hand on a step; what depends on it runs again',
        params: stepParams,
        querystring: noQuery,
        body: interventionBody,
        response: { 200: z.object({ run: runView, step: stepView }) },
      },
      config: { access: { scope: 'workflows:write' }, audit: 'step.intervene' },
    },
    async (request) => {
      const { action, output, comment, expected_revision: expectedRevision } = request.body;
      const { id: runId, step_id: stepId } = request.params;
      const outputJson = output === undefined ? '' : JSON.stringify(output);
      const command = { requestId: request.commandId, runId, stepId, action, outputJson, comment, expectedRevision };
      const { run, step } = await runs.interveneStep(command, await commanding(deps, request));
      return { run: toRunView(present(run)), step: toStepView(present(step)) };
    },
  );
};
