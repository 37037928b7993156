import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import {
  checkChange,
  type CommitChange,
  decideCommit,
  MAX_FILES_PER_REVISION,
} from '../../domain/repository/decide-commit.ts';
import { parseRepositoryRef, type Repository } from '../../domain/repository/repository.ts';
import type { CommitFile } from '../../domain/repository/revision.ts';
import type { Commit, HubDeps, HubStores } from '../ports.ts';
import { runCommand } from '../run-command.ts';

export type CreateCommit = CommitChange & { repository: string };

/** Makes a revision of the head and moves `main` to it. Of two that expect the same parent, one wins. */
export async function createCommit(deps: HubDeps, ctx: CallContext, command: CreateCommit): Promise<Outcome<Commit>> {
  const checked = checkChange(command);
  if (checked.kind === 'refused') return checked;
  return runCommand(deps, ctx, { name: 'create_commit', body: command }, async (stores) => {
    const ref = parseRepositoryRef(command.repository);
    const repository = ref && (await stores.repositories.lock(ctx.tenant, ref));
    if (!repository) return refused({ reason: 'repository_not_found' });
    const decided = decideCommit(await readBase(stores, repository, command), command, deps.hashText);
    if (decided.kind === 'refused') return decided;
    const { revision, parent, files } = decided.value;
    const commit: Commit = {
      repositoryId: repository.repositoryId,
      revision,
      parent,
      number: repository.commitCount + 1,
      message: command.message,
      principalId: ctx.tenant.principalId,
      fileCount: files.length,
      createdAt: deps.clock.now(),
    };
    await stores.commits.append(repository.owner, commit, files);
    await stores.events.append({ kind: 'revision_committed', repository, commit });
    return done(commit);
  });
}

async function readBase(stores: HubStores, repository: Repository, change: CommitChange) {
  const { owner, repositoryId, headRevision: head } = repository;
  const everyFile = { limit: MAX_FILES_PER_REVISION };
  const headFiles: CommitFile[] =
    head === '' ? [] : await stores.commits.listFiles(owner, repositoryId, head, everyFile);
  const wanted = [...new Set(change.files.map((file) => file.sha256))];
  const blobs = await stores.blobs.find(owner.accountId, wanted);
  return { head, headFiles, blobSizes: new Map(blobs.map((blob) => [blob.sha256, blob.sizeBytes])) };
}
