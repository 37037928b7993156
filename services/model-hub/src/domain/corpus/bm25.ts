/**
 * Okapi BM25. The constants are those that did best on short Chinese and English passages; PostgreSQL's own ts_rank and
 * ts_rank_cd rank such passages markedly worse, because they know neither how rare a term is nor how long a passage.
 */
export const BM25 = { k1: 0.9, b: 0.4 };
/** Scores are rounded to this many decimals before they order anything: sums of floats depend on their order. */
export const SCORE_DECIMALS = 6;

export type Bm25Input = {
  /** How often the term stands in the chunk. */
  frequency: number;
  chunkTerms: number;
  averageChunkTerms: number;
  chunkCount: number;
  /** In how many chunks of the corpus the term stands. */
  chunksWithTerm: number;
};

/** What one term adds to the score of one chunk; always above zero. */
export function bm25(input: Bm25Input): number {
  const { frequency, chunkTerms, averageChunkTerms, chunkCount, chunksWithTerm } = input;
  const rarity = Math.log(1 + (chunkCount - chunksWithTerm + 0.5) / (chunksWithTerm + 0.5));
  const lengthFactor = 1 - BM25.b + (BM25.b * chunkTerms) / averageChunkTerms;
  return (rarity * (frequency * (BM25.k1 + 1))) / (frequency + BM25.k1 * lengthFactor);
}
