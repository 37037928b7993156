import { afterAll, describe, expect, it } from 'vitest';
import { chargeRated } from '../src/app/reactions/charge-rated.ts';
import { jobFinished } from '../src/app/reactions/job-finished.ts';
import { cancelRun } from '../src/app/runs/cancel-run.ts';
import { runStep } from '../src/app/steps/run-step.ts';
import { aChat, aDefinition } from '../src/testing/builders.ts';
import { testEvaluator } from '../src/testing/evaluator.ts';
import { CTX, type MemoryWorkflow, memoryWorkflow, TENANT } from '../src/testing/memory-workflow.ts';
import { ARTICLE, find, intervene, started, story } from './support/story.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

describe('what meets a running step', () => {
  /** A run whose first effect is under way, and what ends it. */
  async function underWay() {
    const workflow = memoryWorkflow(evaluator);
    const runId = await workflow.begin(aDefinition([{ a: { set: { x: 1 } } }, { b: aChat() }]));
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const perform = workflow.deps.effects.perform;
    workflow.deps.effects.perform = async (effect, signal) => {
      await gate;
      return perform(effect, signal);
    };
    const first = workflow.steps(runId)[0]?.id ?? '';
    await runStep(workflow.deps, first, CTX.signal);
    const working = runStep(workflow.deps, find(workflow, runId, 'b').id, CTX.signal);
    return { workflow, runId, finish, working };
  }

  it('a cancellation drops its result', async () => {
    const { workflow, runId, finish, working } = await underWay();
    await cancelRun(workflow.deps, CTX, runId);
    finish();
    expect(await working).toBe('lost');
    expect(workflow.run(runId)).toMatchObject({ status: 'cancelled' });
    expect(story(workflow, runId)).toEqual(['a completed', 'b cancelled']);
    await cancelRun(workflow.deps, CTX, runId);
    expect(workflow.run(runId).status).toBe('cancelled');
  });

  it('an edit of an earlier step drops its result and does it again', async () => {
    const { workflow, runId, finish, working } = await underWay();
    await intervene(workflow, runId, 'a', 'edit', { x: 2 });
    finish();
    expect(await working).toBe('lost');
    expect((await workflow.settle(runId)).status).toBe('completed');
    expect(story(workflow, runId)).toEqual(['a superseded', 'b superseded', 'a*2 completed', 'b*2 completed']);
  });
});

describe('jobs', () => {
  const JOB = [{ train: { call: 'job.run', with: { command: ['train'] } } }];

  async function submitted() {
    const workflow = memoryWorkflow(evaluator);
    workflow.answer = () => ({ kind: 'started', jobId: 'job_1', askAgainMs: 30_000 });
    const stopped: string[] = [];
    workflow.deps.effects.stopJob = async ({ step }) => void stopped.push(step.id);
    const runId = await workflow.begin(aDefinition(JOB));
    const first = workflow.steps(runId)[0]?.id ?? '';
    await runStep(workflow.deps, first, CTX.signal);
    return { workflow, runId, stopped, stepId: first };
  }
  const ended = (workflow: MemoryWorkflow, stepId: string, accountId = TENANT.accountId) =>
    workflow.deps.transact((stores) => jobFinished(stores, workflow.deps, { externalKey: stepId, accountId }));

  it('are waited for, and their end is heard of', async () => {
    const { workflow, runId, stepId } = await submitted();
    await runStep(workflow.deps, stepId, CTX.signal);
    expect(workflow.run(runId).status).toBe('waiting');
    await ended(workflow, stepId, 'acc_other');
    expect(workflow.run(runId).status).toBe('waiting');
    await ended(workflow, stepId);
    await ended(workflow, stepId);
    expect((await workflow.settle(runId)).output).toEqual({ job_id: 'job_1', exit_code: 0 });
  });

  it('whose end comes before the step waits are not missed', async () => {
    const { workflow, runId, stepId } = await submitted();
    const perform = workflow.deps.effects.perform;
    workflow.deps.effects.perform = async (effect, signal) => {
      const outcome = await perform(effect, signal);
      await ended(workflow, stepId);
      return outcome;
    };
    await runStep(workflow.deps, stepId, CTX.signal);
    expect(workflow.steps(runId)[0]?.status).toBe('ready');
    const before = workflow.clock.now();
    expect((await workflow.settle(runId)).status).toBe('completed');
    expect(workflow.clock.now()).toBe(before);
  });

  it('of a cancelled run are stopped', async () => {
    const { workflow, runId, stopped, stepId } = await submitted();
    await runStep(workflow.deps, stepId, CTX.signal);
    await cancelRun(workflow.deps, CTX, runId);
    await workflow.reconcile();
    expect(stopped).toEqual([stepId]);
    expect(workflow.state().jobStops.size).toBe(0);
  });
});

it('counts what a step costs once, also when it is told twice', async () => {
  const { workflow, runId } = await started(evaluator, ARTICLE);
  const { id } = find(workflow, runId, 'draft');
  const charge = {
    usageId: 'use_1',
    billLineId: 'bil_1',
    meter: 'tokens_input',
    costKey: id,
    accountId: TENANT.accountId,
    amountMicros: 250n,
  };
  const tell = (more: object) =>
    workflow.deps.transact((stores) => chargeRated(stores, workflow.deps, { ...charge, ...more }));
  await tell({});
  await tell({});
  await tell({ meter: 'tokens_output', amountMicros: 50n });
  await tell({ usageId: 'use_2', accountId: 'acc_other' });
  await tell({ usageId: 'use_3', costKey: 'somebody else’s' });
  expect([find(workflow, runId, 'draft').costMicros, workflow.run(runId).costMicros]).toEqual([300n, 300n]);
});
