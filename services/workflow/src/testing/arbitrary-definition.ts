import fc from 'fast-check';
import type { JsonObject } from '../domain/json.ts';

/**
 * Lists of tasks of the whole profile whose output depends on nothing but the definition: branches do not compete, waits
 * are short, and what a model says depends only on where it is asked.
 */
export function arbitraryTasks(depth = 2): fc.Arbitrary<JsonObject[]> {
  return fc.array(arbitraryTask(depth), { minLength: 1, maxLength: 3 }).map(named);
}

function arbitraryTask(depth: number): fc.Arbitrary<JsonObject> {
  const leaves: fc.Arbitrary<JsonObject>[] = [
    fc.constant({ set: { n: '${ ((.n? // 0) | if type == "number" then . else 0 end) + 1 }' } }),
    fc.constant({ call: 'llm.chat', with: { prompt: 'Write.' }, output: { as: '{ said: .content }' } }),
    fc.constant({ call: 'llm.chat', with: { prompt: 'Write.' }, export: { as: '($context // []) + [.content]' } }),
    fc.constant({ wait: { seconds: 30 } }),
    fc.constant({ set: { seen: '${ $context }' }, if: '$context != null' }),
    fc.constantFrom('continue', 'exit', 'end').map((then) => ({ switch: [{ one: { when: '.n? == 2', then } }] })),
    fc.constant({ raise: { error: { type: 'https://example.com/e', status: 400 } } }),
  ];
  if (depth === 0) return fc.oneof(...leaves);
  const inner = arbitraryTasks(depth - 1);
  return fc.oneof(
    { weight: 6, arbitrary: fc.oneof(...leaves) },
    inner.map((tasks) => ({ do: tasks })),
    fc.tuple(inner, fc.integer({ min: 2, max: 3 })).map(([tasks, n]) => ({ do: goneThroughUntil(n, tasks) })),
    fc.tuple(inner, fc.integer({ min: 0, max: 3 })).map(([tasks, n]) => ({ for: { in: `[range(${n})]` }, do: tasks })),
    fc.tuple(inner, inner, fc.integer({ min: 0, max: 2 })).map(([tasks, handler, count]) => ({
      try: tasks,
      catch: { retry: { delay: { seconds: 5 }, limit: { attempt: { count } } }, do: handler },
    })),
    fc.array(arbitraryTask(depth - 1), { minLength: 1, maxLength: 3 }).map((branches) => ({
      fork: { branches: named(branches) },
    })),
  );
}

/** Jumps back to the start of the list while the number of its passes is small, whatever the tasks in it give. */
function goneThroughUntil(n: number, tasks: readonly JsonObject[]): JsonObject[] {
  const first = { set: { n: '${ ((.n? // 0) | if type == "number" then . else 0 end) + 1 }' } };
  const body = { do: [...tasks], output: { as: '{ n: $input.n }' } };
  const back = { switch: [{ again: { when: `.n < ${n}`, then: 'first' } }] };
  return [{ first }, { body }, { back }];
}

function named(tasks: readonly JsonObject[]): JsonObject[] {
  return tasks.map((task, i) => ({ [`t${i}`]: task }));
}
