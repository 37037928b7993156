import { DEFAULT_HITS, MAX_HITS, MAX_QUERY_CHARS, type SearchHit } from '../../domain/corpus/corpus.ts';
import { queryTerms } from '../../domain/corpus/terms.ts';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import type { Owner } from '../../domain/repository/repository.ts';
import type { HubDeps } from '../ports.ts';
import { findCorpus } from './read-corpora.ts';

/** Best first; the same question to the same corpus has the same answer. */
export async function searchCorpus(
  deps: Pick<HubDeps, 'work'>,
  owner: Owner,
  ask: { corpus: string; query: string; limit: number },
): Promise<Outcome<SearchHit[]>> {
  const { query } = ask;
  if (query.trim() === '') return refused({ reason: 'invalid_query', rule: 'not empty' });
  if (query.length > MAX_QUERY_CHARS) {
    return refused({ reason: 'invalid_query', rule: `at most ${MAX_QUERY_CHARS} characters` });
  }
  if (!Number.isInteger(ask.limit) || ask.limit < 0 || ask.limit > MAX_HITS) {
    return refused({ reason: 'invalid_query', rule: `limit 1 to ${MAX_HITS}` });
  }
  const terms = queryTerms(query);
  return deps.work(async ({ corpora }) => {
    const found = await findCorpus(corpora, owner, ask.corpus);
    if (found.kind === 'refused') return found;
    return done(terms.length === 0 ? [] : await corpora.search(found.value, terms, ask.limit || DEFAULT_HITS));
  });
}
