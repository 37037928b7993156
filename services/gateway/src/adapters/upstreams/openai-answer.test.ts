import { describe, expect, it } from 'vitest';
import { readAnswer } from './openai-answer.ts';

const delta = (value: unknown) => readAnswer({ choices: [{ index: 0, delta: value }] }, 'delta').text;

describe('readAnswer', () => {
  it.each([
    ['text', { role: 'assistant', content: 'Hi' }, 'Hi'],
    ['parts of text', { content: [{ type: 'text', text: 'Hi' }] }, 'Hi'],
    ['a refusal', { refusal: 'No.' }, 'No.'],
    ['reasoning', { reasoning_content: 'Hm' }, 'Hm'],
    [
      'tool calls, without their ids',
      { tool_calls: [{ id: 'call_1', function: { name: 'f', arguments: '{}' } }] },
      'f{}',
    ],
    ['nothing', null, ''],
  ])('counts %s as produced', (_story, value, text) => {
    expect(delta(value)).toBe(text);
  });

  it.each([
    ['whole counts', { prompt_tokens: 3, completion_tokens: 4 }, { inputTokens: 3, outputTokens: 4 }],
    ['zeros, which only mean not yet', { prompt_tokens: 0, completion_tokens: 0 }, undefined],
    ['fractions', { prompt_tokens: 1.5, completion_tokens: 4 }, undefined],
    ['numbers below zero', { prompt_tokens: 3, completion_tokens: -4 }, undefined],
    ['nothing', null, undefined],
  ])('takes from a usage of %s what it is worth', (_story, usage, want) => {
    expect(readAnswer({ choices: [], usage }, 'delta').usage).toEqual(want);
  });
});
