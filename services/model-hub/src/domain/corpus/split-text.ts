/**
 * A stretch of text that is never cut: a sentence or a line with the white space after it. Pieces tile the text.
 * Offsets are UTF-16 units, as JavaScript counts.
 */
export type Piece = { from: number; to: number; isHeading: boolean; opensParagraph: boolean };

/** Markdown headings, and the numbered ones of Chinese books and laws. */
const HEADING = /^(#{1,6}\s|第[〇零一二三四五六七八九十百千0-9]+[编章节篇回])/u;
const LINE = /[^\n]*(?:\n|$)/gu;
/** To the end of a sentence with its closing quotes and white space, to the end of a line, or to the end. */
const SENTENCE = /[^]*?(?:[。！？；…!?]+["'”’」』）)]*\s*|\.["'”’)]*\s+|\n\s*|$)/gu;

/** Cuts text at sentences and lines; a piece longer than `maxChars` is cut at white space, or where it must be. */
export function splitText(text: string, maxChars: number): Piece[] {
  const pieces: Piece[] = [];
  let opensParagraph = true;
  for (const line of tile(text, LINE)) {
    const content = text.slice(line.from, line.to);
    if (content.trim() === '') {
      // Blank lines belong to what stands before them.
      const before = pieces.at(-1);
      if (before !== undefined && line.to - before.from <= maxChars) before.to = line.to;
      else pieces.push(...cut(text, line, maxChars).map((range) => ({ ...range, isHeading: false, opensParagraph })));
      opensParagraph = true;
      continue;
    }
    const isHeading = HEADING.test(content);
    const sentences = isHeading ? [line] : tile(content, SENTENCE).map((range) => shift(range, line.from));
    for (const range of sentences.flatMap((sentence) => cut(text, sentence, maxChars))) {
      pieces.push({ ...range, isHeading, opensParagraph: opensParagraph || isHeading });
      opensParagraph = false;
    }
    opensParagraph = isHeading;
  }
  return pieces;
}

type Range = { from: number; to: number };

function tile(text: string, pattern: RegExp): Range[] {
  return [...text.matchAll(pattern)]
    .filter((match) => match[0] !== '')
    .map((match) => ({ from: match.index, to: match.index + match[0].length }));
}

function shift({ from, to }: Range, by: number): Range {
  return { from: from + by, to: to + by };
}

function cut(text: string, { from, to }: Range, maxChars: number): Range[] {
  const ranges: Range[] = [];
  let start = from;
  while (to - start > maxChars) {
    const end = cutPoint(text, start, start + maxChars);
    ranges.push({ from: start, to: end });
    start = end;
  }
  return [...ranges, { from: start, to }];
}

/** After the last white space of the second half; else as far as goes without parting a surrogate pair. */
function cutPoint(text: string, start: number, limit: number): number {
  for (let end = limit; end > start + (limit - start) / 2; end--) {
    if (/\s/u.test(text[end - 1] ?? '')) return end;
  }
  const unit = text.charCodeAt(limit - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? limit - 1 : limit;
}
