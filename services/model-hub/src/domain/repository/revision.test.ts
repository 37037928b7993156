import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathProblem } from './file-path.ts';
import { canonicalRevision, comparePaths, type RevisionContent, revisionOf } from './revision.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const anyHash = fc.string({ minLength: 1 }).map(sha256);
const anyPath = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/').normalize('NFC'))
  .filter((path) => pathProblem(path) === undefined);
const anyFiles = fc.uniqueArray(fc.record({ path: anyPath, sha256: anyHash, sizeBytes: fc.nat() }), {
  selector: (file) => file.path,
  maxLength: 6,
});
const anyContent: fc.Arbitrary<RevisionContent> = fc.record({
  parent: fc.oneof(fc.constant(''), anyHash),
  files: anyFiles,
  message: fc.string({ unit: 'grapheme' }),
});

describe('revision', () => {
  it('is 64 hexadecimal digits that the order of the files does not change', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const revision = revisionOf(content, sha256);
        expect(revision).toMatch(/^[0-9a-f]{64}$/);
        expect(revisionOf({ ...content, files: content.files.toReversed() }, sha256)).toBe(revision);
      }),
    );
  });

  it('two contents have one canonical form only when they are the same', () => {
    const sorted = (content: RevisionContent) => ({
      ...content,
      files: content.files.toSorted((a, b) => comparePaths(a.path, b.path)),
    });
    fc.assert(
      fc.property(anyContent, anyContent, (a, b) => {
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(canonicalRevision(a) === canonicalRevision(b)).toBe(isSame);
      }),
    );
  });

  it('a message cannot pass for a file', () => {
    const file = { path: 'a', sha256: sha256('x'), sizeBytes: 1 };
    const forged = `file ${file.sha256} 1 a\n`;
    expect(canonicalRevision({ parent: '', files: [file], message: '' })).not.toBe(
      canonicalRevision({ parent: '', files: [], message: forged }),
    );
  });

  it('has the documented form, so that anybody can compute it', () => {
    const content = {
      parent: '',
      message: 'first',
      files: [
        { path: 'b', sha256: 'b'.repeat(64), sizeBytes: 2 },
        { path: 'a', sha256: 'a'.repeat(64), sizeBytes: 1 },
      ],
    };
    expect(canonicalRevision(content)).toBe(
      `revision 1\nparent \nfile ${'a'.repeat(64)} 1 a\nfile ${'b'.repeat(64)} 2 b\n\nfirst`,
    );
  });

  it('paths are ordered as their UTF-8 bytes are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed());
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
