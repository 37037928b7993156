import { describe, expect, it } from 'vitest';
import { indexTerms, queryTerms } from './terms.ts';

describe('terms', () => {
  it.each([
    ['words in lower case', 'GPU-seconds are Metered', ['gpu', 'seconds', 'are', 'metered']],
    ['characters and pairs of Chinese', '算力网', ['算', '力', '网', '算力', '力网']],
    ['words beside Chinese', '用GPT4写', ['用', 'gpt4', '写']],
    ['full-width letters as their usual form', 'ＧＰＵ', ['gpu']],
    ['nothing of marks alone', '。，—！?', []],
  ])('index: %s', (_story, text, want) => {
    expect(indexTerms(text)).toEqual(want);
  });

  it.each([
    ['pairs only where there is more than one character', '算力网 算力', ['算力', '力网']],
    ['the character itself where there is one', '猫', ['猫']],
    ['each term once', 'gpu GPU gpu', ['gpu']],
  ])('query: %s', (_story, text, want) => {
    expect(queryTerms(text)).toEqual(want);
  });

  it('every term of a query that is a part of a text is among the terms of the text', () => {
    const text = '万里长城 the Great Wall 建于明朝';
    const terms = new Set(indexTerms(text));
    for (const query of ['长城', '城', 'great', '明朝', '建于明']) {
      for (const term of queryTerms(query)) expect(terms.has(term)).toBe(true);
    }
  });
});
