import type { CallContext } from '@suanli/kernel';
import { CORPUS_ID_PREFIX, type Corpus } from '../../domain/corpus/corpus.ts';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import { isRepositoryName, NAME_RULE } from '../../domain/repository/repository.ts';
import type { HubDeps } from '../ports.ts';
import { runCommand } from '../run-command.ts';

/** Makes an empty corpus in the caller's workspace. Names follow the rule of repositories. */
export async function createCorpus(
  deps: HubDeps,
  ctx: CallContext,
  command: { name: string },
): Promise<Outcome<Corpus>> {
  if (!isRepositoryName(command.name)) return refused({ reason: 'invalid_name', rule: NAME_RULE });
  return runCommand(deps, ctx, { name: 'create_corpus', body: command }, async ({ corpora }) => {
    const { accountId, workspaceId, subAccountId, principalId } = ctx.tenant;
    const corpus: Corpus = {
      corpusId: deps.ids.next(CORPUS_ID_PREFIX),
      owner: { accountId, workspaceId },
      ...(subAccountId !== undefined && { subAccountId }),
      name: command.name,
      principalId,
      documentCount: 0,
      chunkCount: 0,
      termCount: 0,
      createdAt: deps.clock.now(),
    };
    const existing = await corpora.insert(corpus);
    return existing ? refused({ reason: 'corpus_exists', corpusId: existing.corpusId }) : done(corpus);
  });
}
