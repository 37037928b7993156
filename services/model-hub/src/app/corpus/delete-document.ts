import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import type { HubDeps } from '../ports.ts';
import { runCommand } from '../run-command.ts';

/** Removes a document and all that finds it. */
export function deleteDocument(
  deps: HubDeps,
  ctx: CallContext,
  command: { corpus: string; documentId: string },
): Promise<Outcome<Record<string, never>>> {
  return runCommand(deps, ctx, { name: 'delete_document', body: command }, async ({ corpora }) => {
    const { documentId } = command;
    const corpus = command.corpus.includes('\0') ? undefined : await corpora.lock(ctx.tenant, command.corpus);
    if (!corpus) return refused({ reason: 'corpus_not_found' });
    const document = documentId.includes('\0')
      ? undefined
      : await corpora.findDocument(corpus.corpusId, { documentId });
    if (!document) return refused({ reason: 'document_not_found' });
    await corpora.deleteDocument(corpus.corpusId, documentId);
    return done({});
  });
}
