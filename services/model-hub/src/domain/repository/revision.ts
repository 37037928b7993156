/** One file of a revision. */
export type CommitFile = { path: string; sha256: string; sizeBytes: number };

export type RevisionContent = {
  /** Empty for the first revision. */
  parent: string;
  /** All files of the revision, in any order. */
  files: readonly CommitFile[];
  message: string;
};

/** SHA-256 of the text's UTF-8 bytes as 64 hexadecimal digits. */
export type HashText = (text: string) => string;

/**
 * The text that a revision is the SHA-256 of. Injective, because paths hold no line break and the message comes last;
 * made of lines, so that anybody can compute a revision again with `printf` and `sha256sum`.
 */
export function canonicalRevision(content: RevisionContent): string {
  const files = content.files.toSorted((a, b) => comparePaths(a.path, b.path));
  const lines = files.map((file) => `file ${file.sha256} ${file.sizeBytes} ${file.path}`);
  return ['revision 1', `parent ${content.parent}`, ...lines, '', content.message].join('\n');
}

export function revisionOf(content: RevisionContent, hash: HashText): string {
  return hash(canonicalRevision(content));
}

/** By code points, which is the order of the UTF-8 bytes and of PostgreSQL's "C" collation. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, though their code units are not the highest. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
