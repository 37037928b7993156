import { afterAll, describe, expect, it } from 'vitest';
import { decideHumanTask } from '../src/app/interventions/decide-human-task.ts';
import { interveneStep } from '../src/app/interventions/intervene-step.ts';
import { cancelRun } from '../src/app/runs/cancel-run.ts';
import { faults } from '../src/domain/run/workflow-error.ts';
import type { JsonObject } from '../src/domain/json.ts';
import type { ReviewMode } from '../src/domain/run/run.ts';
import { aChat, aDefinition, aReview } from '../src/testing/builders.ts';
import { testEvaluator } from '../src/testing/evaluator.ts';
import { CTX, memoryWorkflow, TENANT } from '../src/testing/memory-workflow.ts';
import { ARTICLE, decide, find, intervene, openTask, started as startedWith, story } from './support/story.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());
const started = (tasks: readonly JsonObject[], review?: ReviewMode) => startedWith(evaluator, tasks, review);

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

  it('reaches into the later pass of a scope, and leaves the earlier one alone', async () => {
    const back = { switch: [{ more: { when: '.content == "c 1"', then: 'scope' } }] };
    const { workflow, runId } = await started([{ scope: { do: [{ c: aChat() }] } }, { back }]);
    await intervene(workflow, runId, 'c', 'redo');
    expect(await workflow.settle(runId)).toMatchObject({ status: 'completed', output: { content: 'c 3' } });
    const inForce = workflow.steps(runId).filter((step) => step.status !== 'superseded');
    expect(inForce.map((step) => `${step.name}@${step.iteration}*${step.revision}`)).toEqual([
      ...['scope@*1', 'c@*1', 'back@*1', 'scope@v2*2', 'c@v2*2', 'back@v2*2'],
    ]);
  });

  it('retries as often as the attempt that it reaches into had left', async () => {
    const retry = { limit: { attempt: { count: 1 } } };
    const { workflow, runId } = await started([
      { outer: { try: [{ inner: { try: [{ c: aChat() }], catch: { retry } } }], catch: { retry } } },
    ]);
    workflow.answer = () => ({ kind: 'failed', error: faults.communication(503, 'away') });
    await intervene(workflow, runId, 'c', 'redo');
    expect((await workflow.settle(runId)).status).toBe('completed');
    const [again] = workflow.steps(runId).filter((step) => step.name === 'c' && step.iteration === '2r1');
    await interveneStep(workflow.deps, CTX, {
      ...{ runId, stepId: again?.id ?? '', action: 'redo' as const, comment: '', expectedRevision: 1 },
    });
    expect((await workflow.settle(runId)).status).toBe('completed');
    const passes = workflow.steps(runId).filter((step) => step.name === 'c' && step.status !== 'superseded');
    expect(passes.map((step) => `${step.iteration}*${step.revision}`)).toEqual(['*2', '2r1*2']);
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
