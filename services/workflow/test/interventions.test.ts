import { afterAll, describe, expect, it } from 'vitest';
import { decideHumanTask } from '../src/app/interventions/decide-human-task.ts';
import { interveneStep } from '../src/app/interventions/intervene-step.ts';
import { chargeRated } from '../src/app/reactions/charge-rated.ts';
import { jobFinished } from '../src/app/reactions/job-finished.ts';
import { cancelRun } from '../src/app/runs/cancel-run.ts';
import { runStep } from '../src/app/steps/run-step.ts';
import type { ReviewAction } from '../src/domain/definition/functions.ts';
import type { Intervention } from '../src/domain/intervention/actions.ts';
import type { Json, JsonObject } from '../src/domain/json.ts';
import type { ReviewMode } from '../src/domain/run/run.ts';
import { aChat, aDefinition, aReview } from '../src/testing/builders.ts';
import { testEvaluator } from '../src/testing/evaluator.ts';
import { CTX, type MemoryWorkflow, memoryWorkflow, TENANT } from '../src/testing/memory-workflow.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

const ARTICLE: JsonObject[] = [
  { outline: aChat('Outline.', { output: { as: '.content' } }) },
  { draft: aChat('${ "Draft of " + . }', { output: { as: '.content' } }) },
  { review: aReview('${ . }', { schema: { type: 'string' } }) },
  { revise: aChat('${ "Revise " + .output }', { output: { as: '.content' } }) },
];

/** A model that counts its answers, so that each is another. */
function started(tasks: readonly JsonObject[], review: ReviewMode = 'as_defined') {
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

const find = (workflow: MemoryWorkflow, runId: string, name: string) => {
  const step = workflow.steps(runId).findLast((one) => one.name === name && one.status !== 'superseded');
  if (step === undefined) throw new Error(`no step ${name} in force`);
  return step;
};
const openTask = (workflow: MemoryWorkflow, runId: string) => {
  const task = [...workflow.state().humanTasks.values()].find((one) => one.runId === runId && one.status === 'open');
  if (task === undefined) throw new Error('nobody is asked');
  return task;
};
const decide = (workflow: MemoryWorkflow, runId: string, action: ReviewAction, output?: Json, comment = '') =>
  decideHumanTask(workflow.deps, CTX, {
    humanTaskId: openTask(workflow, runId).id,
    action,
    ...(output !== undefined && { output }),
    comment,
  });
const intervene = (
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
const story = (workflow: MemoryWorkflow, runId: string) =>
  workflow.steps(runId).map((step) => `${step.name}${step.revision > 1 ? `*${step.revision}` : ''} ${step.status}`);

describe('a person who is asked', () => {
  it('approves what is there', async () => {
    const { workflow, runId } = await started(ARTICLE);
    await decide(workflow, runId, 'approve');
    expect((await workflow.settle(runId)).output).toBe('revise 3');
    expect(find(workflow, runId, 'revise').arguments).toEqual({ prompt: 'Revise draft 2' });
  });

  it('edits it, within the schema', async () => {
    const { workflow, runId } = await started(ARTICLE);
    expect(await decide(workflow, runId, 'edit', 42)).toMatchObject({ kind: 'refused', reason: 'invalid_decision' });
    await decide(workflow, runId, 'edit', 'my text');
    await workflow.settle(runId);
    expect(find(workflow, runId, 'revise').arguments).toEqual({ prompt: 'Revise my text' });
  });

  it('rejects it, and the run faults with the reason', async () => {
    const { workflow, runId } = await started(ARTICLE);
    await decide(workflow, runId, 'reject', undefined, 'Off topic.');
    expect((await workflow.settle(runId)).error).toMatchObject({
      status: 403,
      detail: 'Off topic.',
      instance: '/do/2/review',
    });
  });

  it('sends the draft back with a comment, which the model is shown with its own answer', async () => {
    const { workflow, runId } = await started(ARTICLE);
    await decide(workflow, runId, 'redo', undefined, 'Shorter.');
    await workflow.settle(runId);
    expect(find(workflow, runId, 'draft').arguments).toEqual({
      messages: [
        { role: 'user', content: 'Draft of outline 1' },
        { role: 'assistant', content: 'draft 2' },
        { role: 'user', content: 'Shorter.' },
      ],
    });
    expect(openTask(workflow, runId).subject).toBe('draft 3');
    expect(story(workflow, runId)).toEqual([
      'outline completed',
      'draft superseded',
      'review superseded',
      'draft*2 completed',
      'review*2 waiting',
    ]);
  });

  it('answers once: the second is told what the first said', async () => {
    const { workflow, runId } = await started(ARTICLE);
    const { id } = openTask(workflow, runId);
    const both = await Promise.all(
      (['approve', 'reject'] as const).map((action) =>
        decideHumanTask(workflow.deps, CTX, { humanTaskId: id, action, comment: '' }),
      ),
    );
    expect(both.map(({ kind }) => kind).sort()).toEqual(['done', 'refused']);
    expect(both.find(({ kind }) => kind === 'refused')).toMatchObject({ reason: 'already_decided', action: 'approve' });
  });

  it('may answer as the same request again', async () => {
    const { workflow, runId } = await started(ARTICLE);
    const { id } = openTask(workflow, runId);
    const ctx = { ...CTX, requestId: 'req_1' };
    const answer = () => decideHumanTask(workflow.deps, ctx, { humanTaskId: id, action: 'approve', comment: '' });
    expect(await answer()).toEqual(await answer());
    const other = await decideHumanTask(workflow.deps, ctx, { humanTaskId: id, action: 'approve', comment: 'x' });
    expect(other).toMatchObject({ reason: 'request_id_reused' });
  });

  it('judges every effect when the run asks for it', async () => {
    const { workflow, runId } = await started([{ a: aChat('A.') }, { b: aChat('${ .content }') }], 'every_step');
    await decide(workflow, runId, 'edit', { content: 'edited' });
    await workflow.settle(runId);
    expect(find(workflow, runId, 'b').arguments).toEqual({ prompt: 'edited' });
    await decide(workflow, runId, 'redo', undefined, 'Again.');
    await workflow.settle(runId);
    await decide(workflow, runId, 'approve');
    expect((await workflow.settle(runId)).status).toBe('completed');
    expect(story(workflow, runId)).toEqual(['a superseded', 'a*2 completed', 'b superseded', 'b*2 completed']);
  });
});

describe('a hand on any step', () => {
  it('edits what a step gave, long after: everything behind it runs again, nothing is lost', async () => {
    const { workflow, runId } = await started(ARTICLE);
    await decide(workflow, runId, 'approve');
    await workflow.settle(runId);
    await intervene(workflow, runId, 'outline', 'edit', 'my outline');
    const run = await workflow.settle(runId);
    expect(run.status).toBe('waiting');
    expect(find(workflow, runId, 'draft').arguments).toEqual({ prompt: 'Draft of my outline' });
    const before = workflow.steps(runId).filter((step) => step.status === 'superseded');
    expect(before.map((step) => [step.name, step.output])).toEqual([
      ['outline', 'outline 1'],
      ['draft', 'draft 2'],
      ['review', expect.objectContaining({ action: 'approve' })],
      ['revise', 'revise 3'],
    ]);
    expect(find(workflow, runId, 'outline')).toMatchObject({
      revision: 2,
      madeBy: TENANT.principalId,
      output: 'my outline',
    });
  });

  it('does a step again as another effect, and the same run goes on from a fault', async () => {
    const workflow = memoryWorkflow(evaluator);
    let isBroken = true;
    workflow.answer = () => (isBroken ? { kind: 'failed', error: { type: 'x', status: 500, title: 'No' } } : undefined);
    const runId = await workflow.begin(aDefinition([{ a: aChat() }, { b: { set: { ok: true } } }]));
    expect((await workflow.settle(runId)).status).toBe('faulted');
    isBroken = false;
    await intervene(workflow, runId, 'a', 'redo');
    expect((await workflow.settle(runId)).output).toEqual({ ok: true });
    expect([...workflow.effects.keys()]).toEqual([`${runId}/do/0/a/-/1`, `${runId}/do/0/a/-/2`]);
  });

  it('skips a step that waits: its input goes on, or what is given instead', async () => {
    const { workflow, runId } = await started([{ w: { wait: { days: 30 } } }, { b: { set: '${ . }' } }]);
    expect((await workflow.settle(runId)).status).toBe('completed');
    const again = await workflow.begin(aDefinition([{ w: aReview() }, { b: { set: '${ . }' } }]), { i: 1 });
    await workflow.settle(again);
    await intervene(workflow, again, 'w', 'skip');
    expect((await workflow.settle(again)).output).toEqual({ i: 1 });
    await intervene(workflow, again, 'w', 'skip', { j: 2 });
    expect((await workflow.settle(again)).output).toEqual({ j: 2 });
  });

  it('reaches into one round of a loop and one attempt of a try', async () => {
    const loop = {
      for: { each: 'x', in: '["p", "q", "r"]' },
      do: [{ c: aChat('${ $x }', { output: { as: '(if type == "object" then .content else . end)' } }) }],
    };
    const { workflow, runId } = await started([{ loop }, { last: { set: '${ . }' } }]);
    const round = workflow.steps(runId).find((step) => step.iteration === '1');
    await interveneStep(workflow.deps, CTX, {
      runId,
      stepId: round?.id ?? '',
      action: 'redo',
      comment: '',
      expectedRevision: 1,
    });
    expect((await workflow.settle(runId)).status).toBe('completed');
    const inForce = workflow.steps(runId).filter((step) => step.status !== 'superseded');
    expect(inForce.map((step) => `${step.name}@${step.iteration}*${step.revision}`)).toEqual([
      'c@0*1',
      'loop@*2',
      'c@1*2',
      'c@2*2',
      'last@*2',
    ]);
    expect(workflow.effects.size).toBe(5);
  });

  it('gives the step the context that it had', async () => {
    const counted = { set: { n: 1 }, export: { as: '{ n: (($context.n // 0) + 1) }' } };
    const { workflow, runId } = await started([
      { a: counted },
      { b: counted },
      { c: { set: { n: '${ $context.n }' } } },
    ]);
    expect(workflow.run(runId).output).toEqual({ n: 2 });
    await intervene(workflow, runId, 'b', 'redo');
    expect((await workflow.settle(runId)).output).toEqual({ n: 2 });
    await intervene(workflow, runId, 'a', 'redo');
    expect((await workflow.settle(runId)).output).toEqual({ n: 2 });
  });

  it('leaves the branches beside it alone', async () => {
    const fork = { fork: { branches: [{ p: aChat('P.') }, { q: aChat('Q.') }] } };
    const { workflow, runId } = await started([{ f: fork }, { last: { set: '${ map(.content) | join(",") }' } }]);
    expect(workflow.run(runId).output).toBe('p 1,q 2');
    await intervene(workflow, runId, 'p', 'redo');
    expect((await workflow.settle(runId)).output).toBe('p 3,q 2');
  });

  it('forks a run of its own from a step, and the first one keeps its own', async () => {
    const { workflow, runId } = await started(ARTICLE);
    const forked = await intervene(workflow, runId, 'draft', 'fork', 'another draft');
    if (forked.kind === 'refused') throw new Error(forked.reason);
    const other = await workflow.settle(forked.answer.runId);
    expect(other).toMatchObject({ status: 'waiting', forkedFrom: { runId } });
    expect(openTask(workflow, other.id).subject).toBe('another draft');
    expect(story(workflow, other.id)).toEqual(['outline completed', 'draft completed', 'review waiting']);
    expect(openTask(workflow, runId).subject).toBe('draft 2');
  });

  it('is told what is possible, and when it looked at an older revision', async () => {
    const { workflow, runId } = await started(ARTICLE);
    expect(await intervene(workflow, runId, 'draft', 'approve')).toMatchObject({
      reason: 'action_not_allowed',
      allowed: ['edit', 'redo', 'skip', 'fork'],
    });
    const old = find(workflow, runId, 'draft');
    await intervene(workflow, runId, 'draft', 'redo');
    const late = { runId, stepId: old.id, action: 'redo' as const, comment: '', expectedRevision: 1 };
    expect(await interveneStep(workflow.deps, CTX, late)).toMatchObject({ reason: 'revision_changed' });
    expect(await interveneStep(workflow.deps, CTX, { ...late, stepId: 'stp_none' })).toMatchObject({
      reason: 'step_not_found',
    });
  });

  it('of another tenant finds nothing', async () => {
    const { workflow, runId } = await started(ARTICLE);
    const stranger = { ...CTX, tenant: { ...TENANT, workspaceId: 'wsp_2' } };
    const request = {
      runId,
      stepId: find(workflow, runId, 'draft').id,
      action: 'redo' as const,
      comment: '',
      expectedRevision: 0,
    };
    expect(await interveneStep(workflow.deps, stranger, request)).toMatchObject({ reason: 'run_not_found' });
    expect(await cancelRun(workflow.deps, stranger, runId)).toMatchObject({ reason: 'run_not_found' });
    const task = { humanTaskId: openTask(workflow, runId).id, action: 'approve' as const, comment: '' };
    expect(await decideHumanTask(workflow.deps, stranger, task)).toMatchObject({ reason: 'human_task_not_found' });
  });
});

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
  const { workflow, runId } = await started(ARTICLE);
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
