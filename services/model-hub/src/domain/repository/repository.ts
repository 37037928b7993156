import type { Instant } from '@suanli/kernel';

export type RepositoryKind = 'model' | 'dataset';

/** Whose a thing is. Every query of a store names it, so that another tenant's id finds nothing. */
export type Owner = { accountId: string; workspaceId: string };

export type Repository = {
  repositoryId: string;
  owner: Owner;
  subAccountId?: string;
  kind: RepositoryKind;
  name: string;
  /** Who made it. */
  principalId: string;
  /** The revision that `main` stands for; empty while nothing is committed. */
  headRevision: string;
  /** Commits so far on `main`; the version of the repository. */
  commitCount: number;
  createdAt: Instant;
  updatedAt: Instant;
};

/** How callers name a repository: its id, or `dataset/iris`. */
export type RepositoryRef = { id: string } | { kind: RepositoryKind; name: string };

export const REPOSITORY_ID_PREFIX = 'rep';
/** The only branch there is so far. */
export const MAIN = 'main';
export const NAME_RULE = 'lower case letters, digits, "-", "_", "."; 1 to 96; begins with a letter or digit';

const NAME = /^[a-z0-9][a-z0-9._-]{0,95}$/;

export function isRepositoryName(name: string): boolean {
  return NAME.test(name);
}

export function isRepositoryKind(kind: string): kind is RepositoryKind {
  return kind === 'model' || kind === 'dataset';
}

/** Undefined when the text has neither form: then no repository has that name. */
export function parseRepositoryRef(text: string): RepositoryRef | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return text.startsWith(`${REPOSITORY_ID_PREFIX}_`) ? { id: text } : undefined;
  const kind = text.slice(0, slash);
  const name = text.slice(slash + 1);
  return isRepositoryKind(kind) && isRepositoryName(name) ? { kind, name } : undefined;
}
