import { afterAll, describe, expect, it } from 'vitest';
import { faults } from '../src/domain/run/workflow-error.ts';
import type { Json, JsonObject } from '../src/domain/json.ts';
import type { ReviewMode } from '../src/domain/run/run.ts';
import { aChat, aDefinition, aReview, says } from '../src/testing/builders.ts';
import { testEvaluator } from '../src/testing/evaluator.ts';
import { type MemoryWorkflow, memoryWorkflow } from '../src/testing/memory-workflow.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

type Options = { input?: Json; review?: ReviewMode; more?: JsonObject; prepare?: (workflow: MemoryWorkflow) => void };

async function runOf(tasks: readonly JsonObject[], { input, review, more, prepare }: Options = {}) {
  const workflow = memoryWorkflow(evaluator);
  prepare?.(workflow);
  const runId = await workflow.begin(aDefinition(tasks, more), input, review);
  const run = await workflow.settle(runId);
  return {
    workflow,
    run,
    runId,
    passes: workflow.steps(runId).map((step) => `${step.name}@${step.iteration} ${step.status}`),
  };
}

const failing = (times: number) => (workflow: MemoryWorkflow) => {
  let left = times;
  workflow.answer = () => (left-- > 0 ? { kind: 'failed', error: faults.communication(503, 'away') } : undefined);
};

describe('the flow of tasks', () => {
  it('goes through a list, hands outputs on, and skips what is not wanted', async () => {
    const { run, passes } = await runOf([{ a: says('a') }, { b: says('b', { if: '.log == []' }) }, { c: says('c') }]);
    expect(run.output).toEqual({ log: ['a', 'c'] });
    expect(passes).toEqual(['a@ completed', 'b@ skipped', 'c@ completed']);
  });

  it('follows jumps, forward and back, and tells the passes apart', async () => {
    const { run, passes } = await runOf([
      { count: { set: { n: '${ (.n // 0) + 1 }' } } },
      { again: { switch: [{ more: { when: '.n < 3', then: 'count' } }, { done: { then: 'last' } }] } },
      { never: says('never') },
      { last: { set: '${ .n }' } },
    ]);
    expect(run.output).toBe(3);
    expect(passes).toEqual([
      'count@ completed',
      'again@ completed',
      'count@v2 completed',
      'again@v2 completed',
      'count@v3 completed',
      'again@v3 completed',
      'last@v3 completed',
    ]);
  });

  it('tells the passes of a list from those of the list around it', async () => {
    const back = (below: number, name: string) => ({ switch: [{ more: { when: `.n < ${below}`, then: name } }] });
    const count = { set: { n: '${ (.n // 0) + 1 }' } };
    const inner = { do: [{ a: count }, { again: back(2, 'a') }] };
    const { run, passes } = await runOf([{ inner }, { around: back(3, 'inner') }]);
    expect(run.output).toEqual({ n: 3 });
    expect(passes.filter((pass) => !/again|around/.test(pass))).toEqual([
      'inner@ completed',
      'a@ completed',
      'a@2v2 completed',
      'inner@v2 completed',
      'a@v2 completed',
    ]);
  });

  it('ends the list with exit, and the run with end, from any depth', async () => {
    const inner = (then: string) => ({ do: [{ a: says('a', { then }) }, { b: says('b') }] });
    expect((await runOf([{ x: inner('exit') }, { y: says('y') }])).run.output).toEqual({ log: ['a', 'y'] });
    const ended = await runOf([{ x: inner('end') }, { y: says('y') }]);
    expect(ended.run.output).toEqual({ log: ['a'] });
    expect(ended.passes).toEqual(['x@ completed', 'a@ completed']);
  });

  it('runs a loop over items and stops when its condition does not hold', async () => {
    const loop = {
      for: { each: 'x', in: '.items', at: 'i' },
      while: '$i < 2',
      do: [{ add: { set: { sum: '${ .sum + $x }' } } }],
    };
    expect((await runOf([{ loop }], { input: { items: [5, 6, 7] } })).run.output).toEqual({ sum: 11 });
    expect((await runOf([{ loop }], { input: { items: [] } })).run.output).toEqual({ items: [] });
  });

  it('keeps loops, jumps and runs within their bounds', async () => {
    const loop = { for: { in: '[range(10)]' }, do: [{ a: says('a') }], metadata: { maxIterations: 3 } };
    expect((await runOf([{ loop }])).run.error).toMatchObject({
      status: 422,
      detail: expect.stringContaining('3 rounds'),
    });
    const jump = await runOf([{ a: says('a', { then: 'b' }) }, { b: { set: '${ . }', then: 'a' } }]);
    expect(jump.run.error).toMatchObject({ status: 422, instance: '/do/1/b' });
  });

  it('carries on over many commits when there is much to do without an effect', async () => {
    const { run } = await runOf([
      {
        loop: {
          for: { in: '[range(200)]' },
          do: [{ add: { set: '${ (if type == "number" then . else 0 end) + 1 }' } }],
        },
      },
    ]);
    expect(run).toMatchObject({ output: 200 });
  });

  it('shapes input and output of the run, and exports to the context', async () => {
    const { run } = await runOf(
      [
        { a: { set: { x: 1 }, export: { as: '{ seen: .x }' } } },
        { b: { set: { y: '${ $context.seen + 1 }', id: '${ $workflow.input.n }' } } },
      ],
      { input: { n: 7 }, more: { input: { from: '{ m: .n }' }, output: { as: '{ result: ., from: $context }' } } },
    );
    expect(run.output).toEqual({ result: { y: 2, id: 7 }, from: { seen: 1 } });
  });

  it('faults where an expression does', async () => {
    const { run } = await runOf([{ a: { set: { x: '${ error("no") }' } } }]);
    expect(run).toMatchObject({ status: 'faulted', error: { status: 400, detail: 'no', instance: '/do/0/a' } });
  });

  it('waits as long as it says', async () => {
    const { run, workflow } = await runOf([{ a: { wait: { hours: 2 } } }, { b: says('b') }]);
    expect(run.output).toEqual({ log: ['b'] });
    expect(workflow.clock.now() - run.createdAt).toBeGreaterThanOrEqual(7_200_000);
  });
});

describe('forks', () => {
  it('gather what their branches give, in the order of the definition', async () => {
    const { run } = await runOf(
      [{ f: { fork: { branches: [{ a: aChat() }, { b: { wait: 'PT1S' } }, { c: { set: { z: 1 } } }] } } }],
      { input: { i: 1 } },
    );
    expect(run.output).toEqual([{ content: expect.stringContaining('a of') }, { i: 1 }, { z: 1 }]);
  });
  it('that compete end with the first branch and cancel the others', async () => {
    const { run, passes } = await runOf([
      { f: { fork: { compete: true, branches: [{ a: { wait: 'PT1H' } }, { b: { wait: 'PT1S' } }] } } },
    ]);
    expect(run.status).toBe('completed');
    expect(passes).toEqual(['f@ completed', 'a@ cancelled', 'b@ completed']);
  });
  it('fault as a whole when a branch does', async () => {
    const { run, passes } = await runOf([{ f: { fork: { branches: [{ a: { wait: 'PT1H' } }, { b: aChat() }] } } }], {
      prepare: failing(1),
    });
    expect(run.status).toBe('faulted');
    expect(passes).toEqual(['f@ faulted', 'a@ cancelled', 'b@ faulted']);
  });
});

describe('faults', () => {
  const raise = (status: number): JsonObject => ({
    raise: { error: { type: 'https://example.com/e', status, title: 'No' } },
  });
  const handled = { as: 'err', do: [{ h: { set: { caught: '${ $err.status }' } } }] };

  it('are caught by the nearest clause that fits', async () => {
    const inner = { try: [{ r: raise(400) }], catch: { errors: { with: { status: 500 } }, ...handled } };
    const { run, passes } = await runOf([{ outer: { try: [{ inner }], catch: handled } }]);
    expect(run.output).toEqual({ caught: 400 });
    expect(passes).toEqual(['outer@ completed', 'inner@ faulted', 'r@ faulted', 'h@ completed']);
  });
  it('pass clauses whose conditions do not hold', async () => {
    const { run } = await runOf([
      { t: { try: [{ r: raise(400) }], catch: { ...handled, exceptWhen: '$err.status == 400' } } },
    ]);
    expect(run.error).toMatchObject({ status: 400, instance: '/do/0/t/try/0/r' });
  });
  it('without a handler leave the input of the try', async () => {
    expect((await runOf([{ t: { try: [{ r: raise(400) }], catch: {} } }], { input: { i: 1 } })).run.output).toEqual({
      i: 1,
    });
  });
  it('of a handler are not caught by its own clause', async () => {
    const { run } = await runOf([{ t: { try: [{ r: raise(400) }], catch: { do: [{ again: raise(401) }] } } }]);
    expect(run.error?.status).toBe(401);
  });
  it('are tried again after a growing pause, each time as another effect', async () => {
    const retry = { delay: 'PT10S', backoff: { exponential: {} }, limit: { attempt: { count: 3 } } };
    const { run, passes, workflow } = await runOf([{ t: { try: [{ c: aChat() }], catch: { retry } } }], {
      prepare: failing(2),
    });
    expect(run.status).toBe('completed');
    expect(passes).toEqual(['t@ completed', 'c@ faulted', 'c@r1 faulted', 'c@r2 completed']);
    expect([...workflow.effects.values()]).toEqual([1, 1, 1]);
    expect(workflow.clock.now() - run.createdAt).toBeGreaterThanOrEqual(30_000);
  });
  it('are tried again in each attempt of the try around, and the attempts are told apart', async () => {
    const retry = { delay: 'PT5S', limit: { attempt: { count: 1 } } };
    const inner = { try: [{ r: raise(400) }], catch: { retry, do: [{ h: says('h') }] } };
    const outer = { try: [{ inner }, { s: raise(401) }], catch: { retry, do: [{ last: says('last') }] } };
    const { run, passes } = await runOf([{ outer }]);
    expect(run.output).toEqual({ log: ['last'] });
    expect(passes).toEqual([
      ...['outer@ completed', 'inner@ completed', 'r@ faulted', 'r@2r1 faulted', 'h@2r1 completed', 's@ faulted'],
      ...['inner@r1 completed', 'r@r1 faulted', 'r@r1.2r1 faulted', 'h@r1.2r1 completed', 's@r1 faulted'],
      'last@r1 completed',
    ]);
  });
  it('that last longer than the policy end in the handler', async () => {
    const retry = { limit: { attempt: { count: 2 } } };
    const { run, passes } = await runOf([{ t: { try: [{ c: aChat() }], catch: { retry, ...handled } } }], {
      prepare: failing(9),
    });
    expect(run.output).toEqual({ caught: 503 });
    expect(passes.slice(1)).toEqual(['c@ faulted', 'c@r1 faulted', 'c@r2 faulted', 'h@r2 completed']);
  });
  it('of the platform are waited out under the same key', async () => {
    let left = 3;
    const { run, workflow } = await runOf([{ c: aChat() }], {
      prepare: (prepared) => {
        prepared.answer = () => (left-- > 0 ? { kind: 'unavailable', reason: 'down' } : undefined);
      },
    });
    expect(run.status).toBe('completed');
    expect([...workflow.effects.values()]).toEqual([4]);
  });
});

describe('questions to a person', () => {
  it('expire, and the time-out can be caught', async () => {
    const review = { ...aReview(), with: { subject: 1, timeout: { hours: 1 } } };
    const { run, workflow } = await runOf([
      { t: { try: [{ review }], catch: { as: 'e', do: [{ h: { set: '${ $e.status }' } }] } } },
    ]);
    expect(run.output).toBe(408);
    expect([...workflow.state().humanTasks.values()].map((task) => task.status)).toEqual(['expired']);
  });
  it('are not asked when the run wants no review', async () => {
    const { run } = await runOf([{ review: aReview('${ .x }') }], { input: { x: 'text' }, review: 'none' });
    expect(run.output).toMatchObject({ action: 'approve', output: 'text', decided_by: 'run' });
  });
  it('are asked after each effect when the run wants every step reviewed', async () => {
    const { run, passes, workflow } = await runOf([{ a: says('a') }, { c: aChat() }, { d: aChat() }], {
      review: 'every_step',
    });
    expect(run.status).toBe('waiting');
    expect(passes).toEqual(['a@ completed', 'c@ review']);
    expect([...workflow.state().humanTasks.values()]).toMatchObject([{ status: 'open', title: 'c' }]);
  });
});

it('tells the whole story of a run in its journal, without gaps', async () => {
  const { workflow, runId, run } = await runOf([{ a: aChat() }, { b: says('b') }]);
  const journal = workflow.state().journal.get(runId) ?? [];
  expect(journal.map((entry) => entry.type)).toEqual([
    'run_created',
    'step_scheduled',
    'run_running',
    'step_scheduled',
    'step_started',
    'step_completed',
    'step_completed',
    'run_completed',
  ]);
  expect(journal.at(-1)?.sequence).toBe(run.sequence);
});
