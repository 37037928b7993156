import { execFileSync } from 'node:child_process';
import { inRoot, root } from '../root.ts';

/** One thing that must hold before a change is sent. `next` is what to type when it does not. */
export type Check = { name: string; command: readonly string[]; cwd?: string; next: string };

const bin = (name: string) => inRoot('node_modules/.bin', name);

/** Longest first, so that two at a time finish together. */
export function checks(): Check[] {
  return [
    { name: 'types', command: [bin('tsc'), '-b'], next: 'npx tsc -b' },
    {
      name: 'unit tests',
      command: [process.execPath, inRoot('node_modules/vitest/vitest.mjs'), 'run', '--project=unit', '--reporter=dot'],
      next: 'npm test -- --project unit',
    },
    { name: 'lint', command: [bin('oxlint')], next: 'npx oxlint' },
    { name: 'dead code and dependencies', command: [bin('knip'), '--no-progress'], next: 'npx knip' },
    { name: 'format', command: [bin('biome'), 'format', '.'], next: 'npm run format' },
    {
      name: 'generated files',
      command: [process.execPath, inRoot('tools/src/commands/generate.ts'), '--check'],
      next: 'npm run generate',
    },
    { name: 'proto lint', command: [bin('buf'), 'lint'], cwd: inRoot('proto'), next: 'npx buf lint proto' },
    ...breaking(),
  ];
}

/** Contracts bind from the first release on: the newest version tag is what must not be broken. */
function breaking(): Check[] {
  const tag = newestRelease();
  if (tag === undefined) return [];
  const against = `.git#tag=${tag},subdir=proto`;
  return [
    {
      name: `proto is compatible with ${tag}`,
      command: [bin('buf'), 'breaking', 'proto', '--against', against],
      next: `npx buf breaking proto --against '${against}'`,
    },
  ];
}

function newestRelease(): string | undefined {
  try {
    const tags = execFileSync('git', ['tag', '--list', 'v*', '--sort=-version:refname'], {
      cwd: root,
      encoding: 'utf8',
    });
    return tags.split('\n')[0] || undefined;
  } catch {
    return undefined; // Not a clone: an unpacked archive has no history to compare with.
  }
}
