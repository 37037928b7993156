import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkChange, type CommitBase, type CommitChange, decideCommit } from './decide-commit.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (path: string, content = path) => ({ path, sha256: sha256(content), sizeBytes: content.length });
const aChange = (change: Partial<CommitChange> = {}): CommitChange => ({
  files: [file('a.txt')],
  deletedPaths: [],
  message: 'change',
  ...change,
});
const aBase = (base: Partial<CommitBase> = {}): CommitBase => ({
  head: '',
  headFiles: [],
  blobSizes: new Map(['a.txt', 'a.txt/b', 'new'].map((content) => [sha256(content), content.length])),
  ...base,
});

describe('checkChange', () => {
  it.each([
    ['nothing to do', aChange({ files: [] }), 'empty_commit'],
    ['a path that leaves the folder', aChange({ files: [file('../a')] }), 'invalid_path'],
    ['an absolute path', aChange({ files: [file('/a')] }), 'invalid_path'],
    ['a path with a line break', aChange({ files: [file('a\nb')] }), 'invalid_path'],
    ['a path with an invisible character', aChange({ files: [file('a\u200bb')] }), 'invalid_path'],
    ['a path of another normal form', aChange({ files: [file('e\u0301')] }), 'invalid_path'],
    ['a path named twice', aChange({ deletedPaths: ['a.txt'] }), 'invalid_path'],
    ['a hash in capitals', aChange({ files: [{ ...file('a'), sha256: 'A'.repeat(64) }] }), 'invalid_sha256'],
    ['a message that is too long', aChange({ message: 'x'.repeat(5000) }), 'invalid_message'],
  ])('refuses %s', (_story, change, reason) => {
    expect(checkChange(change)).toMatchObject({ kind: 'refused', refusal: { reason } });
  });
});

describe('decideCommit', () => {
  it('replaces, adds and deletes on top of the head', () => {
    const base = aBase({
      head: 'h'.repeat(64),
      headFiles: [file('keep', 'x'), file('drop', 'x'), file('a.txt', 'old')],
    });
    const decided = decideCommit(base, aChange({ deletedPaths: ['drop'] }), sha256);
    expect(decided).toMatchObject({ kind: 'done', value: { parent: base.head } });
    const files = decided.kind === 'done' ? decided.value.files : [];
    expect(files.map((each) => each.path).toSorted()).toEqual(['a.txt', 'keep']);
  });

  it.each([
    [
      'another head than expected',
      aBase({ head: 'b'.repeat(64) }),
      aChange({ expectedParent: 'a'.repeat(64) }),
      'parent_changed',
    ],
    ['a blob that the account does not have', aBase({ blobSizes: new Map() }), aChange(), 'blob_missing'],
    [
      'a size that is not the size of the blob',
      aBase(),
      aChange({ files: [{ ...file('a.txt'), sizeBytes: 99 }] }),
      'blob_size_mismatch',
    ],
    ['deleting what is not there', aBase(), aChange({ deletedPaths: ['gone'] }), 'file_not_found'],
    ['a file that is a folder too', aBase({ headFiles: [file('a.txt/b')] }), aChange(), 'invalid_path'],
  ])('refuses %s', (_story, base, change, reason) => {
    expect(decideCommit(base, change, sha256)).toMatchObject({ kind: 'refused', refusal: { reason } });
  });
});
