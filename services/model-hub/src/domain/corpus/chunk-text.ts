import { type Piece, splitText } from './split-text.ts';

/** A stretch of a document that is found and cited as one. Neighbours overlap or touch: together they are the text. */
export type Chunk = {
  index: number;
  /** Offsets in Unicode code points, so that every language can slice by them; `toChar` is exclusive. */
  fromChar: number;
  toChar: number;
  text: string;
};

export type ChunkLimits = {
  maxChars: number;
  /** How much of the end of a chunk the next one repeats at most, so that no thought is lost between the two. */
  overlapChars: number;
  /** A heading closes a chunk only when that has at least so much: no chunk of a few words. */
  minSectionChars: number;
};

export const CHUNK_LIMITS: ChunkLimits = { maxChars: 800, overlapChars: 120, minSectionChars: 200 };

/** Chunks of whole sentences that prefer to begin at headings and paragraphs. The text must be well-formed UTF-16. */
export function chunkText(text: string, limits: ChunkLimits = CHUNK_LIMITS): Chunk[] {
  // A piece and the overlap before it fit in one chunk, so that each chunk brings something new.
  const pieces = splitText(text, limits.maxChars - limits.overlapChars);
  const ranges = packPieces(pieces, limits);
  const codePoints = codePointOffsets(text, ranges);
  return ranges.map(({ from, to }, index) => ({
    index,
    fromChar: codePoints.get(from) ?? 0,
    toChar: codePoints.get(to) ?? 0,
    text: text.slice(from, to),
  }));
}

type Range = { from: number; to: number };

function packPieces(pieces: readonly Piece[], limits: ChunkLimits): Range[] {
  const ranges: Range[] = [];
  let chunk: Piece[] = [];
  pieces.forEach((piece, index) => {
    const first = chunk[0];
    const last = chunk.at(-1);
    if (first !== undefined && last !== undefined) {
      const usedChars = last.to - first.from;
      const opensSection = piece.isHeading && usedChars >= limits.minSectionChars && chunk.some((p) => !p.isHeading);
      if (opensSection || usedChars + roomWanted(pieces, index, usedChars, limits) > limits.maxChars) {
        ranges.push({ from: first.from, to: last.to });
        chunk = opensSection ? [] : overlapOf(chunk, limits.overlapChars);
      }
    }
    chunk.push(piece);
  });
  const [first, last] = [chunk[0], chunk.at(-1)];
  if (first !== undefined && last !== undefined) ranges.push({ from: first.from, to: last.to });
  return ranges;
}

/** A paragraph that fits in a chunk of its own is not begun in one that is half full already. */
function roomWanted(pieces: readonly Piece[], index: number, usedChars: number, limits: ChunkLimits): number {
  const piece = pieces[index];
  if (piece === undefined) return 0;
  const pieceChars = piece.to - piece.from;
  if (!piece.opensParagraph || usedChars < limits.maxChars / 2) return pieceChars;
  let end = index + 1;
  while (pieces[end]?.opensParagraph === false) end++;
  const paragraphChars = (pieces[end - 1]?.to ?? piece.to) - piece.from;
  return paragraphChars <= limits.maxChars - limits.overlapChars ? paragraphChars : pieceChars;
}

function overlapOf(chunk: readonly Piece[], overlapChars: number): Piece[] {
  const end = chunk.at(-1)?.to ?? 0;
  const from = chunk.findIndex((piece, index) => index > 0 && end - piece.from <= overlapChars);
  return from < 0 ? [] : chunk.slice(from);
}

/** The code-point offset of every boundary, in one walk through the text. */
function codePointOffsets(text: string, ranges: readonly Range[]): Map<number, number> {
  const wanted = [...new Set(ranges.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const found = new Map<number, number>();
  let unit = 0;
  let codePoint = 0;
  for (const boundary of wanted) {
    while (unit < boundary) {
      unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
      codePoint += 1;
    }
    found.set(boundary, codePoint);
  }
  return found;
}
