import { decideHumanTask } from '../../src/app/interventions/decide-human-task.ts';
import { interveneStep } from '../../src/app/interventions/intervene-step.ts';
import type { Evaluator } from '../../src/app/ports.ts';
import type { ReviewAction } from '../../src/domain/definition/functions.ts';
import type { Intervention } from '../../src/domain/intervention/actions.ts';
import type { Json, JsonObject } from '../../src/domain/json.ts';
import type { ReviewMode } from '../../src/domain/run/run.ts';
import { aChat, aDefinition, aReview } from '../../src/testing/builders.ts';
import { CTX, type MemoryWorkflow, memoryWorkflow } from '../../src/testing/memory-workflow.ts';

export const ARTICLE: JsonObject[] = [
  { outline: aChat('Outline.', { output: { as: '.content' } }) },
  { draft: aChat('${ "Draft of " + . }', { output: { as: '.content' } }) },
  { review: aReview('${ . }', { schema: { type: 'string' } }) },
  { revise: aChat('${ "Revise " + .output }', { output: { as: '.content' } }) },
];

/** A model that counts its answers, so that each is another. */
export function started(evaluator: Evaluator, tasks: readonly JsonObject[], review: ReviewMode = 'as_defined') {
  const workflow = memoryWorkflow(evaluator);
  let written = 0;
  workflow.answer = (step) => {
    written += 1;
    return { kind: 'done', output: { content: `${step.name} ${written}` } };
  };
  return workflow.begin(aDefinition(tasks)).then(async (first) => {
    if (review === 'as_defined') return { workflow, runId: first, run: await workflow.settle(first) };
    const runId = await workflow.begin(aDefinition(tasks), {}, review);
    return { workflow, runId, run: await workflow.settle(runId) };
  });
}

export const find = (workflow: MemoryWorkflow, runId: string, name: string) => {
  const step = workflow.steps(runId).findLast((one) => one.name === name && one.status !== 'superseded');
  if (step === undefined) throw new Error(`no step ${name} in force`);
  return step;
};
export const openTask = (workflow: MemoryWorkflow, runId: string) => {
  const task = [...workflow.state().humanTasks.values()].find((one) => one.runId === runId && one.status === 'open');
  if (task === undefined) throw new Error('nobody is asked');
  return task;
};
export const decide = (workflow: MemoryWorkflow, runId: string, action: ReviewAction, output?: Json, comment = '') =>
  decideHumanTask(workflow.deps, CTX, {
    humanTaskId: openTask(workflow, runId).id,
    action,
    ...(output !== undefined && { output }),
    comment,
  });
export const intervene = (
  workflow: MemoryWorkflow,
  runId: string,
  name: string,
  action: Intervention,
  output?: Json,
  comment = '',
) =>
  interveneStep(workflow.deps, CTX, {
    runId,
    stepId: find(workflow, runId, name).id,
    action,
    ...(output !== undefined && { output }),
    comment,
    expectedRevision: 0,
  });
export const story = (workflow: MemoryWorkflow, runId: string) =>
  workflow.steps(runId).map((step) => `${step.name}${step.revision > 1 ? `*${step.revision}` : ''} ${step.status}`);
