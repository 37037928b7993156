import type { CommitStore, RepositoryStore } from '../app/ports.ts';
import type { Owner, RepositoryRef } from '../domain/repository/repository.ts';
import { isOwnedBy, type MemoryState, sliceOf } from './memory-state.ts';

export function memoryRepositories(state: MemoryState): RepositoryStore {
  const find = async (owner: Owner, ref: RepositoryRef) =>
    state.repositories.find(
      (one) =>
        isOwnedBy(one.owner, owner) &&
        ('id' in ref ? one.repositoryId === ref.id : one.kind === ref.kind && one.name === ref.name),
    );
  return {
    find,
    lock: find,
    async insert(repository) {
      const existing = await find(repository.owner, { kind: repository.kind, name: repository.name });
      if (!existing) state.repositories.push(repository);
      return existing;
    },
    async list(owner, { kind }, slice) {
      const mine = state.repositories.filter(
        (one) => isOwnedBy(one.owner, owner) && (kind === undefined || one.kind === kind),
      );
      return sliceOf(mine, (one) => one.repositoryId, slice, 'descending');
    },
  };
}

export function memoryCommits(state: MemoryState): CommitStore {
  const of = (owner: Owner, repositoryId: string) =>
    state.commits.filter((one) => isOwnedBy(one.owner, owner) && one.commit.repositoryId === repositoryId);
  const filesOf = (owner: Owner, repositoryId: string, revision: string) =>
    of(owner, repositoryId).find(({ commit }) => commit.revision === revision)?.files ?? [];
  return {
    async append(owner, commit, files) {
      state.commits.push({ owner, commit, files: [...files] });
      state.repositories = state.repositories.map((one) =>
        one.repositoryId === commit.repositoryId
          ? { ...one, headRevision: commit.revision, commitCount: commit.number, updatedAt: commit.createdAt }
          : one,
      );
    },
    async find(owner, repositoryId, revision) {
      return of(owner, repositoryId).find(({ commit }) => commit.revision === revision)?.commit;
    },
    async list(owner, repositoryId, { limit, after }) {
      return of(owner, repositoryId)
        .map(({ commit }) => commit)
        .filter(({ number }) => after === undefined || number < Number(after))
        .toSorted((a, b) => b.number - a.number)
        .slice(0, limit);
    },
    async listFiles(owner, repositoryId, revision, slice) {
      return sliceOf(filesOf(owner, repositoryId, revision), (file) => file.path, slice, 'ascending');
    },
    async findFile(owner, repositoryId, revision, path) {
      return filesOf(owner, repositoryId, revision).find((file) => file.path === path);
    },
  };
}
