import { deferred, eventually, redisUrl } from '@suanli/test-kit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/domain/json.ts';
import { aChat, aDefinition } from '../src/testing/builders.ts';
import { type UnderTest, workflowUnderTest } from './support/workflow-under-test.ts';

const LEASE_MS = '600';
let under: UnderTest;
beforeAll(async () => {
  under = await workflowUnderTest({ STEP_LEASE_MS: LEASE_MS });
});
afterAll(() => under[Symbol.asyncDispose]());

const text = (tasks: JsonObject[]) => JSON.stringify(aDefinition(tasks));
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ [`t${i}`]: aChat(`Part ${i}.`) }));

describe('what goes wrong on the way', () => {
  it('a worker that loses its lease between effect and commit: the effect is asked for again by its key, one result counts', async () => {
    const { alice, platform, db } = under;
    let finish: (text: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => {
      finish = resolve;
    });
    let calls = 0;
    platform.write = () => {
      calls += 1;
      return calls === 1 ? first : 'the second answer';
    };
    const run = await alice.begin(text([{ a: aChat('Lost?') }]), {});
    await eventually(() => expect(calls).toBe(1));
    // Another takes the step while the first worker still waits for its answer, as after a pause longer than the lease.
    await db.execute(
      `update step set status = 'ready', fence = fence + 1, crash_count = 1, due_at = now() where run_id = '${run.runId}'`,
    );
    const done = await alice.reach(run.runId, 'completed');
    finish('too late');
    expect(JSON.parse(done.outputJson)).toMatchObject({ content: 'the second answer' });
    const asked = platform.chats.filter((chat) => chat.messages[0]?.content === 'Lost?');
    expect(new Set(asked.map((chat) => chat.requestId))).toEqual(new Set([`${run.runId}/do/0/a/-/1`]));
    expect((await alice.steps(run.runId, true)).map((step) => step.status)).toEqual(['completed']);
  });

  it('a replica that goes away gives its steps back at once', async () => {
    const { alice, platform } = under;
    const replica = await under.replica({ STEP_LEASE_MS: '60000' });
    const gate = deferred<string>();
    const before = platform.chats.length;
    platform.write = (_request, signal) =>
      Promise.race([
        gate.promise,
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('gone')))),
      ]);
    const runs = await Promise.all([1, 2, 3, 4, 5, 6].map(() => alice.begin(text([{ a: aChat() }]), {})));
    await eventually(() => expect(platform.chats.length - before).toBe(runs.length));
    await replica[Symbol.asyncDispose]();
    gate.resolve('done');
    for (const run of runs) expect((await alice.reach(run.runId, 'completed')).status).toBe('completed');
  });

  it('all of Redis is lost, again and again: every run completes', async () => {
    const { alice, platform } = under;
    platform.write = ({ messages }) => `wrote ${messages[0]?.content ?? ''}`;
    const redis = new Redis(redisUrl());
    const runs = await Promise.all([1, 2, 3].map(() => alice.begin(text(many(6)), {})));
    for (let i = 0; i < 8; i++) {
      await redis.flushall();
      await under.alice.runs.listRuns({ statuses: [] }, { token: alice.token });
    }
    for (const run of runs) expect((await alice.reach(run.runId, 'completed')).status).toBe('completed');
    redis.disconnect();
  });

  it('two replicas work on the same runs: each effect is one, each step is made once', async () => {
    const { alice, platform } = under;
    await under.replica();
    platform.write = ({ messages }) => `wrote ${messages[0]?.content ?? ''}`;
    const before = platform.chats.length;
    const fork = { f: { fork: { branches: many(4) } } };
    const runs = await Promise.all([1, 2, 3, 4, 5].map(() => alice.begin(text([fork, ...many(3)]), {})));
    for (const run of runs) {
      await alice.reach(run.runId, 'completed');
      const steps = await alice.steps(run.runId, true);
      expect(steps.map((step) => `${step.name} ${step.revision} ${step.status}`)).toEqual([
        'f 1 completed',
        ...['t0', 't1', 't2', 't3', 't0', 't1', 't2'].map((name) => `${name} 1 completed`),
      ]);
    }
    const keys = platform.chats.slice(before).map((chat) => chat.requestId);
    expect(new Set(keys).size).toBe(runs.length * 7);
  });
});
