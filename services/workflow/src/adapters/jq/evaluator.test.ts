import { afterAll, describe, expect, it } from 'vitest';
import { compileExpression, compileValue } from '../../domain/definition/templates.ts';
import type { Json } from '../../domain/json.ts';
import { testEvaluator } from '../../testing/evaluator.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

async function evaluate(value: Json, given: Json, variables: Record<string, Json> = {}) {
  const template = typeof value === 'string' ? compileExpression(value) : compileValue(value);
  if (template.kind === 'literal') return { kind: 'value', value: template.value };
  return evaluator.answer({ kind: 'evaluate', template, given, variables });
}

describe('expressions', () => {
  it.each<[string, Json, Json, Json]>([
    ['read the data', '.a.b', { a: { b: 1 } }, 1],
    ['with or without braces', '${ .a }', { a: 1 }, 1],
    [
      'stand anywhere in a value',
      { x: ['${ .a }', 'text'], 'k"e\\(1)y': { y: '${ .a + 1 }' } },
      { a: 1 },
      { x: [1, 'text'], 'k"e\\(1)y': { y: 2 } },
    ],
    [
      'leave other texts alone',
      { x: 'echo ${HOME} "\\(.a)"', y: '${ .a }' },
      { a: 1 },
      { x: 'echo ${HOME} "\\(.a)"', y: 1 },
    ],
    ['may end with a comment', '${ .a # the a }', { a: 1 }, 1],
    ['without a result are null', 'empty', {}, null],
    ['see no environment', '[env, $ENV]', {}, [{}, {}]],
    ['keep every character', '.', 'a\u0000b "quotes" \u{1F600}', 'a\u0000b "quotes" \u{1F600}'],
  ])('%s', async (_name, value, given, want) => {
    expect(await evaluate(value, given)).toEqual({ kind: 'value', value: want });
  });

  it('read the variables that they name', async () => {
    expect(await evaluate('$item + $context.n', null, { item: 1, context: { n: 2 } })).toEqual({
      kind: 'value',
      value: 3,
    });
  });

  it.each([
    ['their own errors', 'error("no")', 'no'],
    ['several results', '.[]', 'more than one value'],
    ['a stop', 'halt', 'no value'],
    ['unknown variables', '$nope', '$nope is not defined'],
    ['results that are too large', '[range(400000)]', 'more than'],
  ])('fail with %s', async (_name, text, detail) => {
    expect(await evaluate(text, [1, 2])).toEqual({ kind: 'failed', detail: expect.stringContaining(detail) });
  });

  it('are stopped when they take too long, and the next ones are answered', async () => {
    await using impatient = testEvaluator(300);
    const endless = compileExpression('def f: f; f');
    const simple = compileExpression('. + 1');
    if (endless.kind !== 'jq' || simple.kind !== 'jq') throw new Error('these are expressions');
    const ask = (template: typeof simple) => impatient.answer({ kind: 'evaluate', template, given: 1, variables: {} });
    const late = { kind: 'failed', detail: expect.stringContaining('took longer') };
    expect(await Promise.all([ask(endless), ask(simple)])).toEqual([late, { kind: 'value', value: 2 }]);
  });

  it('are answered however many came before', async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => evaluate('. + 1', i)));
    expect(answers.every((answer, i) => answer.kind === 'value' && answer.value === i + 1)).toBe(true);
  }, 30_000);

  it('work on a megabyte within a second or two', async () => {
    const text = 'x'.repeat(1_000_000);
    expect(await evaluate('.a | length', { a: text })).toEqual({ kind: 'value', value: 1_000_000 });
  });
});

describe('the jq compiler', () => {
  it('finds what is wrong before anything runs', async () => {
    const at = (pointer: string, text: string) => ({ pointer, text, variables: ['item'] });
    const problems = await evaluator.check([
      at('/a', '.a | ;'),
      at('/b', '$nope'),
      at('/c', '$item + $context'),
      at('/d', '.a) | (.b'),
    ]);
    expect(problems.map(({ pointer }) => pointer)).toEqual(['/a', '/b']);
  });
});

describe('schemas', () => {
  const validate = (schema: Json, value: Json) => evaluator.answer({ kind: 'validate', schema, value });
  it('are checked', async () => {
    const schema = { type: 'object', required: ['topic'] };
    expect(await validate(schema, { topic: 'x' })).toEqual({ kind: 'valid' });
    expect(await validate(schema, {})).toEqual({ kind: 'failed', detail: expect.stringContaining('topic') });
  });
  it('that cannot be used fail, and so do those that take for ever', async () => {
    expect(await validate({ type: 'nonsense' }, 1)).toEqual({
      kind: 'failed',
      detail: expect.stringContaining('schema'),
    });
    await using impatient = testEvaluator(300);
    const verdict = await impatient.answer({
      kind: 'validate',
      schema: { pattern: '^(a+)+$' },
      value: `${'a'.repeat(40)}!`,
    });
    expect(verdict).toEqual({ kind: 'failed', detail: expect.stringContaining('took longer') });
  });
});
