import type { Tx } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import type { IndexedChunk } from '../../../domain/corpus/corpus.ts';

/** Postings per statement: keeps each well below the size of one message to the server. */
const POSTINGS_CHUNK = 10_000;

/** Writes the chunks of a document and the postings that find them; a statement for each, whatever their number. */
export async function insertIndex(
  tx: Tx,
  { corpusNo, documentNo }: { corpusNo: number; documentNo: number },
  chunks: readonly IndexedChunk[],
): Promise<void> {
  const column = <T>(values: readonly T[]) => sql.param(JSON.stringify(values));
  await tx.execute(sql`
    insert into chunks (document_no, chunk_index, from_char, to_char, term_count, text)
    select ${documentNo}::bigint, c."index", c."fromChar", c."toChar", c."termCount", c."text"
    from jsonb_to_recordset(${column(chunks.map(({ terms, ...chunk }) => ({ ...chunk, termCount: terms.length })))}::jsonb)
      as c("index" int, "fromChar" int, "toChar" int, "termCount" int, "text" text)`);
  const rows = postingsOf(chunks);
  for (let from = 0; from < rows.length; from += POSTINGS_CHUNK) {
    await tx.execute(sql`
      insert into postings (corpus_no, term, document_no, chunk_indexes, frequencies)
      select ${corpusNo}::bigint, p.term, ${documentNo}::bigint, p.chunks, p.frequencies
      from jsonb_to_recordset(${column(rows.slice(from, from + POSTINGS_CHUNK))}::jsonb)
        as p(term text, chunks int[], frequencies int[])`);
  }
}

type Posting = { term: string; chunks: number[]; frequencies: number[] };

function postingsOf(chunks: readonly IndexedChunk[]): Posting[] {
  const byTerm = new Map<string, Posting>();
  for (const { index, terms } of chunks) {
    for (const term of terms) {
      const posting = byTerm.get(term) ?? { term, chunks: [], frequencies: [] };
      byTerm.set(term, posting);
      const last = posting.chunks.length - 1;
      if (posting.chunks[last] === index) posting.frequencies[last] = (posting.frequencies[last] ?? 0) + 1;
      else {
        posting.chunks.push(index);
        posting.frequencies.push(1);
      }
    }
  }
  // In the order of the index: neighbours land on the same pages.
  return [...byTerm.values()].sort((a, b) => (a.term < b.term ? -1 : 1));
}
