import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runCommand } from '@suanli/local-servers';
import { inRoot } from '../root.ts';

/** Something that is written by a program and committed. */
export type Generator = {
  name: string;
  cwd: string;
  /** Folder inside `cwd` that holds nothing but generated files. */
  output: string;
  /** Commands that write `<folder>/<output>`. */
  commands: (folder: string) => readonly (readonly string[])[];
};

export const GENERATORS: readonly Generator[] = [
  {
    name: 'proto',
    cwd: inRoot('proto'),
    output: 'gen',
    commands: (folder) => [
      ['buf', 'generate', '--output', folder],
      ['buf', 'build', '--output', join(folder, 'gen/descriptors.binpb')],
    ],
  },
];

/** Whether the committed files differ from what their source says. Elsewhere, so that whoever reads them is not disturbed. */
export async function isOutOfDate(generator: Generator): Promise<boolean> {
  return withGenerated(generator, async (fresh) => (await digestOf(fresh)) !== (await digestOf(committed(generator))));
}

/** Replaces the committed files when they are out of date; true when they were. */
export async function regenerate(generator: Generator): Promise<boolean> {
  return withGenerated(generator, async (fresh) => {
    const target = committed(generator);
    if ((await digestOf(fresh)) === (await digestOf(target))) return false;
    await rm(target, { recursive: true, force: true });
    await cp(fresh, target, { recursive: true });
    return true;
  });
}

async function withGenerated<T>(generator: Generator, use: (fresh: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'suanli-generate-'));
  try {
    for (const [command = '', ...args] of generator.commands(folder)) {
      await runCommand(inRoot('node_modules/.bin', command), args, { cwd: generator.cwd });
    }
    return await use(join(folder, generator.output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function committed(generator: Generator): string {
  return join(generator.cwd, generator.output);
}

async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(relative(folder, file)).update(await readFile(file));
  return hash.digest('hex');
}
