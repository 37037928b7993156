import type { CallContext } from '@suanli/kernel';
import type { Corpus, Document } from '../../domain/corpus/corpus.ts';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import type { Owner } from '../../domain/repository/repository.ts';
import { type Page, type PageAsk, readPage } from '../paging.ts';
import type { CorpusStore, HubDeps } from '../ports.ts';

export function getCorpus(deps: HubDeps, ctx: CallContext, idOrName: string): Promise<Outcome<Corpus>> {
  return deps.work(({ corpora }) => findCorpus(corpora, ctx.tenant, idOrName));
}

export async function findCorpus(
  corpora: Pick<CorpusStore, 'find'>,
  owner: Owner,
  idOrName: string,
): Promise<Outcome<Corpus>> {
  const found = idOrName.includes('\0') ? undefined : await corpora.find(owner, idOrName);
  return found ? done(found) : refused({ reason: 'corpus_not_found' });
}

/** Newest first. */
export function listCorpora(deps: HubDeps, ctx: CallContext, ask: PageAsk): Promise<Outcome<Page<Corpus>>> {
  return deps.work(({ corpora }) =>
    readPage(ask, {
      name: 'corpora',
      keyOf: (corpus) => corpus.corpusId,
      read: (slice) => corpora.list(ctx.tenant, slice),
    }),
  );
}

/** By name. */
export function listDocuments(
  deps: HubDeps,
  ctx: CallContext,
  ask: PageAsk & { corpus: string },
): Promise<Outcome<Page<Document>>> {
  return deps.work(async ({ corpora }) => {
    const found = await findCorpus(corpora, ctx.tenant, ask.corpus);
    if (found.kind === 'refused') return found;
    const { corpusId } = found.value;
    return readPage(ask, {
      name: `documents ${corpusId}`,
      keyOf: (document) => document.name,
      read: (slice) => corpora.listDocuments(corpusId, slice),
    });
  });
}
