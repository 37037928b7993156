import { deferred, eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aChat, aDefinition } from '../src/testing/builders.ts';
import { type UnderTest, workflowUnderTest } from './support/workflow-under-test.ts';

const RUNS = 6;
let under: UnderTest;
beforeAll(async () => {
  under = await workflowUnderTest({ STEP_LEASE_MS: '1000', STEP_CONCURRENCY: '1' });
});
afterAll(() => under[Symbol.asyncDispose]());

it('a process that is killed in the midst of its effects loses nothing: another does them again by the same keys', {
  timeout: 60_000,
}, async () => {
  const { alice, platform } = under;
  const gate = deferred();
  platform.write = async ({ messages }) => {
    await gate.promise;
    return `wrote ${messages[0]?.content ?? ''}`;
  };
  await using other = await under.process({ STEP_CONCURRENCY: '50' });
  const source = JSON.stringify(aDefinition([{ a: aChat('One.') }, { b: aChat('Two.') }]));
  const runs = await Promise.all(Array.from({ length: RUNS }, () => alice.begin(source, {})));
  // The replica in this process works on one step at a time, so the killed one holds all but one.
  await eventually(() => expect(new Set(platform.chats.map((chat) => chat.requestId)).size).toBe(RUNS));
  other.kill();
  gate.resolve();

  for (const run of runs) {
    const done = await alice.reach(run.runId, 'completed');
    expect(JSON.parse(done.outputJson)).toMatchObject({ content: 'wrote Two.' });
    expect((await alice.steps(run.runId, true)).map((step) => step.status)).toEqual(['completed', 'completed']);
  }
  expect(new Set(platform.chats.map((chat) => chat.requestId)).size).toBe(RUNS * 2);
});
