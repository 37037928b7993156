import { type Outcome, done, refused } from '../refusal.ts';
import { findFileAsFolder, pathProblem } from './file-path.ts';
import { type CommitFile, type HashText, isSha256, revisionOf } from './revision.ts';

export type CommitChange = {
  /** Added or replaced. */
  files: readonly CommitFile[];
  deletedPaths: readonly string[];
  message: string;
  /** Undefined: whatever the head is. */
  expectedParent?: string;
};

/** What the decision stands on, read under a lock of the repository. */
export type CommitBase = {
  head: string;
  headFiles: readonly CommitFile[];
  /** Size by SHA-256 of those blobs named by the change that the account has. */
  blobSizes: ReadonlyMap<string, number>;
};

export type DecidedCommit = { revision: string; parent: string; files: CommitFile[] };

export const MAX_FILES_PER_REVISION = 10_000;
export const MAX_MESSAGE_CHARS = 4_096;

/** What is wrong with a change whatever the head is; cheap, and before any lock. */
export function checkChange(change: CommitChange): Outcome<CommitChange> {
  const { files, deletedPaths, message } = change;
  if (files.length + deletedPaths.length === 0) return refused({ reason: 'empty_commit' });
  if (files.length + deletedPaths.length > MAX_FILES_PER_REVISION) return tooManyFiles();
  if (message.length > MAX_MESSAGE_CHARS) {
    return refused({ reason: 'invalid_message', rule: `at most ${MAX_MESSAGE_CHARS} characters` });
  }
  if (!message.isWellFormed() || message.includes('\0')) {
    return refused({ reason: 'invalid_message', rule: 'well-formed text without NUL' });
  }
  const seen = new Set<string>();
  for (const path of [...files.map((file) => file.path), ...deletedPaths]) {
    const rule = pathProblem(path) ?? (seen.has(path) ? 'named twice in one commit' : undefined);
    if (rule !== undefined) return refused({ reason: 'invalid_path', path, rule });
    seen.add(path);
  }
  if (!files.every((file) => isSha256(file.sha256))) return refused({ reason: 'invalid_sha256' });
  return done(change);
}

/** The revision that a checked change makes of the head, or why it cannot. */
export function decideCommit(base: CommitBase, change: CommitChange, hash: HashText): Outcome<DecidedCommit> {
  if (change.expectedParent !== undefined && change.expectedParent !== base.head) {
    return refused({ reason: 'parent_changed', head: base.head });
  }
  const tree = new Map(base.headFiles.map((file) => [file.path, file]));
  for (const path of change.deletedPaths) {
    if (!tree.delete(path)) return refused({ reason: 'file_not_found', path });
  }
  for (const file of change.files) {
    const sizeBytes = base.blobSizes.get(file.sha256);
    if (sizeBytes === undefined) return refused({ reason: 'blob_missing', path: file.path, sha256: file.sha256 });
    if (sizeBytes !== file.sizeBytes) return refused({ reason: 'blob_size_mismatch', sizeBytes });
    tree.set(file.path, { path: file.path, sha256: file.sha256, sizeBytes });
  }
  if (tree.size > MAX_FILES_PER_REVISION) return tooManyFiles();
  const clash = findFileAsFolder(new Set(tree.keys()));
  if (clash !== undefined) return refused({ reason: 'invalid_path', path: clash, rule: 'a file and a folder at once' });
  const files = [...tree.values()];
  const revision = revisionOf({ parent: base.head, files, message: change.message }, hash);
  return done({ revision, parent: base.head, files });
}

function tooManyFiles(): Outcome<never> {
  return refused({ reason: 'too_many_files', maxFiles: MAX_FILES_PER_REVISION });
}
