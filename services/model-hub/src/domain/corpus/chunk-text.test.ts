import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkText } from './chunk-text.ts';

const limits = { maxChars: 60, overlapChars: 12, minSectionChars: 15 };

/** Texts with everything that cutting could stumble over: sentences, headings, blank lines, astral characters. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\n\n',
        '\r\n',
        '# Title\n',
        '## 第二节\n',
        '第三章 算力\n',
        '。',
        '！',
        '. ',
        '? ',
        ' ',
        '\t',
        '”',
      ),
      fc.constantFrom('算力', 'GPU', '😀', '𠮷', 'compute', '的', 'e\u0301', '.....', '"'),
      fc.string({ unit: 'grapheme', maxLength: 80 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => text.isWellFormed());

describe('chunkText', () => {
  it('offsets reproduce the text of every chunk', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const codePoints = Array.from(text);
        for (const chunk of chunkText(text, limits)) {
          expect(codePoints.slice(chunk.fromChar, chunk.toChar).join('')).toBe(chunk.text);
        }
      }),
    );
  });

  it('nothing is lost: each chunk begins inside or right after the one before, the last ends with the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const codePoints = Array.from(text);
        let covered = 0;
        let whole = '';
        for (const [index, chunk] of chunkText(text, limits).entries()) {
          expect(chunk.index).toBe(index);
          expect(chunk.fromChar).toBeLessThanOrEqual(covered);
          expect(chunk.toChar).toBeGreaterThan(covered);
          whole += codePoints.slice(covered, chunk.toChar).join('');
          covered = chunk.toChar;
        }
        expect(whole).toBe(text);
      }),
    );
  });

  it('no chunk is longer than its bound, and what two share is no longer than the overlap', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const chunks = chunkText(text, limits);
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.text.length).toBeLessThanOrEqual(limits.maxChars);
          const before = chunks[index - 1] ?? { toChar: 0 };
          expect(before.toChar - chunk.fromChar).toBeLessThanOrEqual(limits.overlapChars);
        }
      }),
    );
  });

  it('no character is cut in two', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(chunkText(text, limits).filter((chunk) => !chunk.text.isWellFormed())).toEqual([]);
      }),
    );
  });

  it('a heading begins a new chunk once the one before has some length', () => {
    const text = '# One\nFirst sentence here. Second.\n\n# Two\nThird sentence.';
    expect(chunkText(text, limits).map((chunk) => chunk.text)).toEqual([
      '# One\nFirst sentence here. Second.\n\n',
      '# Two\nThird sentence.',
    ]);
  });

  it('a long paragraph is cut at sentences, and its last short sentence is repeated', () => {
    const [first, second, third] = [`${'上'.repeat(45)}。`, '合肥没有变。', `${'下'.repeat(40)}。`];
    expect(chunkText(`${first}${second}${third}`, limits).map((chunk) => chunk.text)).toEqual([
      `${first}${second}`,
      `${second}${third}`,
    ]);
  });

  it('a paragraph that fits in one chunk is not begun in one that is half full', () => {
    const text = `${'a'.repeat(35)}.\n\n${'b'.repeat(20)}. ${'c'.repeat(20)}.`;
    expect(chunkText(text, limits).map((chunk) => chunk.text)).toEqual([
      `${'a'.repeat(35)}.\n\n`,
      `${'b'.repeat(20)}. ${'c'.repeat(20)}.`,
    ]);
  });
});
