import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { compileDefinition } from './compile-definition.ts';

const DOCUMENT = { dsl: '1.0.3', namespace: 'examples', name: 'sample', version: '1.0.0' };
const withTask = (task: Json): JsonObject => ({ document: DOCUMENT, do: [{ one: task }] });
const chat = { call: 'llm.chat', with: { prompt: 'Hello.' } };

function problemsOf(source: Json): Record<string, string> {
  const compiled = compileDefinition(source);
  return compiled.kind === 'invalid' ? Object.fromEntries(compiled.problems.map((p) => [p.pointer, p.message])) : {};
}

describe('a definition of the profile', () => {
  it.each<[string, Json]>([
    ['set', withTask({ set: { a: 1, b: '${ .x }' } })],
    [
      'switch with jumps',
      { document: DOCUMENT, do: [{ a: { switch: [{ x: { when: '.x', then: 'b' } }] } }, { b: chat }] },
    ],
    ['for with while', withTask({ for: { each: 'x', in: '.items', at: 'i' }, while: '$i < 3', do: [{ a: chat }] })],
    [
      'try with retry',
      withTask({ try: [{ a: chat }], catch: { retry: { delay: { seconds: 1 }, backoff: { exponential: {} } } } }),
    ],
    ['wait in both forms', { document: DOCUMENT, do: [{ a: { wait: { minutes: 5 } } }, { b: { wait: 'PT5M' } }] }],
    [
      'raise of a named error',
      {
        document: DOCUMENT,
        use: { errors: { mine: { type: 'https://example.com/mine', status: 400 } } },
        do: [{ a: { raise: { error: 'mine' } } }],
      },
    ],
    ['fork', withTask({ fork: { compete: true, branches: [{ a: chat }, { b: chat }] } })],
    ['a versioned function', withTask({ call: 'llm.chat@1', with: { prompt: 'x' } })],
    [
      'data flow',
      withTask({ ...chat, if: '.x', input: { from: '.x' }, output: { as: '.content' }, export: { as: '{a: .}' } }),
    ],
    ['annotations', withTask({ ...chat, metadata: { owner: 'me' } })],
  ])('compiles: %s', (_name, source) => {
    expect(problemsOf(source)).toEqual({});
  });

  it('knows every task by its JSON pointer', () => {
    const compiled = compileDefinition(
      withTask({ try: [{ 'a b': chat }], catch: { do: [{ c: { for: { in: '.x' }, do: [{ d: chat }] } }] } }),
    );
    expect(compiled.kind === 'compiled' && [...compiled.program.byPath.keys()]).toEqual([
      '/do/0/one',
      '/do/0/one/try/0/a b',
      '/do/0/one/catch/do/0/c',
      '/do/0/one/catch/do/0/c/do/0/d',
    ]);
  });
});

describe('a definition outside of the profile is refused with the place of each problem', () => {
  it.each<[string, Json, string]>([
    ['no document', { do: [{ a: chat }] }, '/document'],
    [
      'another version of the language',
      { document: { ...DOCUMENT, dsl: '2.0.0' }, do: [{ a: chat }] },
      '/document/dsl',
    ],
    ['a version that is a number', { document: { ...DOCUMENT, version: 1 }, do: [{ a: chat }] }, '/document/version'],
    ['a name with spaces', { document: { ...DOCUMENT, name: 'a b' }, do: [{ a: chat }] }, '/document/name'],
    ['no tasks', { document: DOCUMENT, do: [] }, '/do'],
    ['a schedule', { document: DOCUMENT, do: [{ a: chat }], schedule: { every: { days: 1 } } }, '/schedule'],
    ['reusable functions', { document: DOCUMENT, use: { functions: {} }, do: [{ a: chat }] }, '/use/functions'],
    ['two names in one item', { document: DOCUMENT, do: [{ a: chat, b: chat }] }, '/do/0'],
    ['a name twice', { document: DOCUMENT, do: [{ a: chat }, { a: chat }] }, '/do/1/a'],
    ['a directive as a name', { document: DOCUMENT, do: [{ end: chat }] }, '/do/0/end'],
    ['a shell', withTask({ run: { shell: { command: 'ls' } } }), '/do/0/one'],
    ['an HTTP call', withTask({ call: 'http', with: { method: 'get' } }), '/do/0/one/call'],
    ['a function of another version', withTask({ call: 'llm.chat@2', with: { prompt: 'x' } }), '/do/0/one/call'],
    [
      'an unknown argument',
      withTask({ call: 'llm.chat', with: { prompt: 'x', pormpt: 'y' } }),
      '/do/0/one/with/pormpt',
    ],
    ['a missing argument', withTask({ call: 'retrieve.search', with: { query: 'x' } }), '/do/0/one/with'],
    ['an unknown field', withTask({ ...chat, retires: 3 }), '/do/0/one/retires'],
    ['a time limit', withTask({ ...chat, timeout: { after: 'PT1S' } }), '/do/0/one/timeout'],
    ['a jump into another list', withTask({ do: [{ a: { ...chat, then: 'one' } }] }), '/do/0/one/do/0/a/then'],
    [
      'a branch that jumps',
      withTask({ fork: { branches: [{ a: { ...chat, then: 'b' } }, { b: chat }] } }),
      '/do/0/one/fork/branches/0/a/then',
    ],
    ['months', withTask({ wait: 'P1M' }), '/do/0/one/wait'],
    ['more than a year', withTask({ wait: { days: 400 } }), '/do/0/one/wait'],
    [
      'a loop variable that hides the input',
      withTask({ for: { each: 'input', in: '.' }, do: [{ a: chat }] }),
      '/do/0/one/for/each',
    ],
    [
      'too many rounds',
      withTask({ for: { in: '.' }, do: [{ a: chat }], metadata: { maxIterations: 1e9 } }),
      '/do/0/one/metadata/maxIterations',
    ],
    [
      'retries without end',
      withTask({ try: [{ a: chat }], catch: { retry: { limit: { attempt: { count: 1e6 } } } } }),
      '/do/0/one/catch/retry/limit/attempt/count',
    ],
    [
      'a retry policy that nobody defined',
      withTask({ try: [{ a: chat }], catch: { retry: 'mine' } }),
      '/do/0/one/catch/retry',
    ],
    ['an error without status', withTask({ raise: { error: { type: 'x' } } }), '/do/0/one/raise/error/status'],
    ['an expression that is too long', withTask({ set: { a: `\${ ${'1+'.repeat(9_000)}1 }` } }), '/do/0/one/set/a'],
    ['a case without then', withTask({ switch: [{ a: { when: '.x' } }] }), '/do/0/one/switch/0/a'],
    [
      'an external schema',
      { document: DOCUMENT, input: { schema: { resource: {} } }, do: [{ a: chat }] },
      '/input/schema/resource',
    ],
    ['something else than an object', ['x'], ''],
  ])('%s', (_name, source, pointer) => {
    expect(Object.keys(problemsOf(source))).toContain(pointer);
  });

  it('tells all problems at once', () => {
    const source = {
      document: DOCUMENT,
      do: [{ a: { call: 'x' } }, { b: { wait: 'x' } }, { c: { then: 1, ...chat } }],
    };
    expect(Object.keys(problemsOf(source))).toEqual(['/do/0/a/call', '/do/1/b/wait', '/do/2/c/then']);
  });

  it('does not follow nesting without end', () => {
    let task: Json = chat;
    for (let depth = 0; depth < 40; depth++) task = { do: [{ a: task }] };
    expect(Object.values(problemsOf(withTask(task)))).toEqual([expect.stringContaining('nested deeper')]);
  });
});
