import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type UnderTest, workflowUnderTest } from './support/workflow-under-test.ts';

let under: UnderTest;
beforeAll(async () => {
  under = await workflowUnderTest();
});
afterAll(() => under[Symbol.asyncDispose]());

it('writes the example article, with a person who edits the draft', async () => {
  const { alice, platform } = under;
  const source = await readFile(new URL('../../../examples/article/workflow.yaml', import.meta.url), 'utf8');
  platform.write = ({ messages }) => {
    const [first = ''] = (messages.at(-1)?.content ?? '').split('\n');
    if (first.startsWith('Write an outline')) return '1. What it is\n2. Why it matters\n';
    return first.startsWith('Revise')
      ? `Revised. ${messages.at(-1)?.content.split('\n\n')[1] ?? ''}`
      : 'A draft of the article.';
  };
  const run = await alice.begin(source, { topic: 'gang scheduling', corpus: 'notes' });

  const task = await alice.openTask(run.runId);
  expect(JSON.parse(task.subjectJson)).toBe('A draft of the article.');
  expect(task.actions).toEqual(['approve', 'edit', 'reject', 'redo']);
  expect((await alice.reach(run.runId, 'waiting')).actions).toEqual(['cancel']);
  await alice.decide(task, 'edit', { output: 'A better draft.', comment: 'Shorter.' });

  const done = await alice.reach(run.runId, 'completed');
  expect(JSON.parse(done.outputJson)).toEqual({ article: 'Revised. A better draft.', sources: ['notes.md'] });
  expect(platform.searches.map((search) => search.search?.query)).toEqual(['What it is', 'Why it matters']);
  const steps = await alice.steps(run.runId);
  expect(steps.map((step) => `${step.name}${step.iteration && `#${step.iteration}`} ${step.status}`)).toEqual([
    'outline completed',
    'gather completed',
    'search#0 completed',
    'search#1 completed',
    'draft completed',
    'review completed',
    'revise completed',
  ]);
  const chats = steps.filter((step) => step.function === 'llm.chat');
  expect(platform.chats.map((chat) => chat.costKey)).toEqual(chats.map((step) => step.stepId));
});
