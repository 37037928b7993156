import type { CallContext } from '@suanli/kernel';
import { chunkText } from '../../domain/corpus/chunk-text.ts';
import {
  DOCUMENT_ID_PREFIX,
  DOCUMENT_NAME_RULE,
  type Document,
  isDocumentName,
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENTS,
  textProblem,
} from '../../domain/corpus/corpus.ts';
import { indexTerms } from '../../domain/corpus/terms.ts';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import type { HubDeps } from '../ports.ts';
import { runCommand } from '../run-command.ts';

/** Adds a document, or replaces the one of the same name; once it has returned, a search finds it. */
export async function putDocument(
  deps: HubDeps,
  ctx: CallContext,
  command: { corpus: string; name: string; text: string },
): Promise<Outcome<Document>> {
  const { name, text } = command;
  if (!isDocumentName(name)) return refused({ reason: 'invalid_name', rule: DOCUMENT_NAME_RULE });
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_DOCUMENT_BYTES) return refused({ reason: 'document_too_large', maxBytes: MAX_DOCUMENT_BYTES });
  const rule = textProblem(text);
  if (rule !== undefined) return refused({ reason: 'invalid_text', rule });

  const sha256 = deps.hashText(text);
  // Outside of the transaction: the longest work here, and it holds no lock.
  const chunks = chunkText(text).map((chunk) => ({ ...chunk, terms: indexTerms(chunk.text) }));
  const body = { corpus: command.corpus, name, sha256 };
  return runCommand(deps, ctx, { name: 'put_document', body }, async ({ corpora }) => {
    const corpus = command.corpus.includes('\0') ? undefined : await corpora.lock(ctx.tenant, command.corpus);
    if (!corpus) return refused({ reason: 'corpus_not_found' });
    const before = await corpora.findDocument(corpus.corpusId, { name });
    if (before?.sha256 === sha256) return done(before);
    if (!before && corpus.documentCount >= MAX_DOCUMENTS) {
      return refused({ reason: 'corpus_full', maxDocuments: MAX_DOCUMENTS });
    }
    const document: Document = {
      documentId: before?.documentId ?? deps.ids.next(DOCUMENT_ID_PREFIX),
      name,
      sha256,
      sizeBytes,
      chunkCount: chunks.length,
      termCount: chunks.reduce((sum, chunk) => sum + chunk.terms.length, 0),
      updatedAt: deps.clock.now(),
    };
    await corpora.putDocument(corpus.corpusId, document, chunks);
    return done(document);
  });
}
