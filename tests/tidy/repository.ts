import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** A source file that people write and read. */
export type SourceFile = { path: string; folder: string; text: string; lines: number; isTest: boolean };

/** Files under version control and new ones that are not ignored, as they are in the working tree. */
export function listFiles(): string[] {
  const out = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return out.split('\n').filter((path) => path !== '' && existsSync(join(root, path)));
}

/** Sources that are written by hand: no generated code, no migrations. */
export function listSources(): SourceFile[] {
  return listFiles()
    .filter((path) => /\.(ts|mts|mjs)$/.test(path) && !/(^|\/)(gen|migrations|dist)\//.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return {
        path,
        folder: dirname(path),
        text,
        lines: text.split('\n').length - 1,
        isTest: /\.test\.ts$/.test(path),
      };
    });
}

/** What a file imports, as written. */
export function importsOf(file: SourceFile): string[] {
  return [...file.text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** The file that a relative import of `file` names, from the root. */
export function resolveImport(file: SourceFile, specifier: string): string {
  return join(file.folder, specifier);
}
