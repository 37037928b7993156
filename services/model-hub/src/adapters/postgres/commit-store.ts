import type { Tx } from '@suanli/postgres';
import { and, asc, desc, eq, gt, lt, type SQL } from 'drizzle-orm';
import type { Commit, CommitStore } from '../../app/ports.ts';
import { MAIN, type Owner } from '../../domain/repository/repository.ts';
import { commitFiles, commits, refs } from './schema.ts';

/** Rows per insert statement: five parameters each, of at most 65535. */
const INSERT_CHUNK = 2_000;

export function commitStore(tx: Tx): CommitStore {
  const selectFiles = (owner: Owner, repositoryId: string, revision: string, isIt: SQL | undefined) =>
    tx
      .select({ path: commitFiles.path, sha256: commitFiles.sha256, sizeBytes: commitFiles.sizeBytes })
      .from(commitFiles)
      .innerJoin(
        commits,
        and(eq(commits.repositoryId, commitFiles.repositoryId), eq(commits.revision, commitFiles.revision)),
      )
      .where(and(ownedBy(owner), eq(commitFiles.repositoryId, repositoryId), eq(commitFiles.revision, revision), isIt));

  return {
    async append(owner, commit, files) {
      const { repositoryId, revision, number, createdAt } = commit;
      const { accountId, workspaceId } = owner;
      await tx.insert(commits).values({ ...commit, accountId, workspaceId, createdAt: new Date(createdAt) });
      for (let from = 0; from < files.length; from += INSERT_CHUNK) {
        const rows = files.slice(from, from + INSERT_CHUNK).map((file) => ({ ...file, repositoryId, revision }));
        await tx.insert(commitFiles).values(rows);
      }
      await tx
        .update(refs)
        .set({ revision, commitCount: number, updatedAt: new Date(createdAt) })
        .where(and(eq(refs.repositoryId, repositoryId), eq(refs.name, MAIN)));
    },

    async find(owner, repositoryId, revision) {
      const [found] = await tx
        .select()
        .from(commits)
        .where(and(ownedBy(owner), eq(commits.repositoryId, repositoryId), eq(commits.revision, revision)));
      return found && toCommit(found);
    },

    async list(owner, repositoryId, { limit, after }) {
      const isAfter = after === undefined ? undefined : lt(commits.number, Number(after));
      const rows = await tx
        .select()
        .from(commits)
        .where(and(ownedBy(owner), eq(commits.repositoryId, repositoryId), isAfter))
        .orderBy(desc(commits.number))
        .limit(limit);
      return rows.map(toCommit);
    },

    listFiles(owner, repositoryId, revision, { limit, after }) {
      const isAfter = after === undefined ? undefined : gt(commitFiles.path, after);
      return selectFiles(owner, repositoryId, revision, isAfter).orderBy(asc(commitFiles.path)).limit(limit);
    },

    async findFile(owner, repositoryId, revision, path) {
      const [found] = await selectFiles(owner, repositoryId, revision, eq(commitFiles.path, path));
      return found;
    },
  };
}

function ownedBy({ accountId, workspaceId }: Owner): SQL | undefined {
  return and(eq(commits.accountId, accountId), eq(commits.workspaceId, workspaceId));
}

function toCommit(row: typeof commits.$inferSelect): Commit {
  const { repositoryId, revision, parent, number, message, principalId, fileCount, createdAt } = row;
  return { repositoryId, revision, parent, number, message, principalId, fileCount, createdAt: createdAt.getTime() };
}
