const MAX_PATH_CHARS = 512;
const MAX_SEGMENT_CHARS = 255;
// Also the Unicode "format" characters, which can make one path look like another.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Why a path cannot name a file of a revision; undefined when it can. Whatever passes can be written below a folder on
 * any system without leaving it, and holds no line break: the canonical form of a revision relies on that.
 */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0 || path.length > MAX_PATH_CHARS) return `1 to ${MAX_PATH_CHARS} characters`;
  if (!path.isWellFormed() || UNSEEN.test(path)) return 'no control or invisible characters';
  if (path.includes('\\')) return 'parts are separated by "/", "\\" is not allowed';
  if (path.normalize('NFC') !== path) return 'Unicode normal form C';
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') return 'relative, without empty parts, "." or ".."';
    if (segment.length > MAX_SEGMENT_CHARS) return `each part at most ${MAX_SEGMENT_CHARS} characters`;
    if (segment === '.git') return 'no part may be ".git"';
  }
  return undefined;
}

/** The first path that would have to be a file and a folder at once; undefined when there is none. */
export function findFileAsFolder(paths: ReadonlySet<string>): string | undefined {
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (paths.has(path.slice(0, slash))) return path.slice(0, slash);
    }
  }
  return undefined;
}
