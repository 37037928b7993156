import type { Tx } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import { BM25, SCORE_DECIMALS } from '../../../domain/corpus/bm25.ts';
import type { Corpus, SearchHit } from '../../../domain/corpus/corpus.ts';

/**
 * BM25 in one statement: the same formula as `bm25` of the domain. All that is read is the postings of the asked terms
 * in this one corpus, and the texts of the hits.
 */
export async function searchPostings(
  tx: Tx,
  corpus: Corpus,
  terms: readonly string[],
  limit: number,
): Promise<SearchHit[]> {
  const { corpusId, owner, chunkCount, termCount } = corpus;
  const averageTerms = Math.max(termCount, 1) / Math.max(chunkCount, 1);
  const { k1, b } = BM25;
  const found = await tx.execute<Omit<SearchHit, 'score'> & { score: string }>(sql`
    with matched as (
      select p.term, p.document_no, m.chunk_index, m.frequency::float8 as frequency,
             count(*) over (partition by p.term)::float8 as chunks_with_term
      from corpora
      join postings p using (corpus_no)
      cross join unnest(p.chunk_indexes, p.frequencies) as m(chunk_index, frequency)
      where corpus_id = ${corpusId} and account_id = ${owner.accountId} and workspace_id = ${owner.workspaceId}
        and p.term = any(${sql.param([...terms])}::text[])
    ), scored as (
      select document_no, chunk_index, round(sum(
          ln(1 + (${chunkCount}::float8 - chunks_with_term + 0.5) / (chunks_with_term + 0.5))
          * frequency * ${k1 + 1}::float8
          / (frequency + ${k1}::float8 * (1 - ${b}::float8 + ${b}::float8 * c.term_count / ${averageTerms}::float8))
        )::numeric, ${SCORE_DECIMALS}) as score
      from matched join chunks c using (document_no, chunk_index)
      group by document_no, chunk_index
    )
    select d.document_id as "documentId", d.name as "documentName", chunk_index as "chunkIndex",
           c.from_char as "fromChar", c.to_char as "toChar", c.text, score
    from scored join documents d using (document_no) join chunks c using (document_no, chunk_index)
    order by score desc, d.document_id, chunk_index
    limit ${limit}`);
  return found.rows.map((row) => ({ ...row, score: Number(row.score) }));
}
