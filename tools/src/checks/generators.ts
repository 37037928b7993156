import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runCommand } from '@suanli/local-servers';
import { renderConfiguration } from '../generate/configuration.ts';
import { renderNatsConf } from '../generate/nats-conf.ts';
import { inRoot } from '../root.ts';

/** Something that is written by a program and committed. */
export type Generator = {
  name: string;
  base: string;
  /** A file, or a folder that holds nothing but generated files, inside `base`. */
  output: string;
  /** Writes `<folder>/<output>`. */
  write: (folder: string) => Promise<void>;
};

export const GENERATORS: readonly Generator[] = [
  { name: 'proto', base: inRoot('proto'), output: 'gen', write: writeProto },
  { name: 'NATS permissions', base: inRoot('deploy'), output: 'nats/nats.conf', write: writeNatsConf },
  { name: 'configuration table', base: inRoot('docs'), output: 'configuration.md', write: writeConfiguration },
];

async function writeProto(folder: string): Promise<void> {
  const buf = (...args: string[]) => runCommand(inRoot('node_modules/.bin/buf'), args, { cwd: inRoot('proto') });
  await buf('generate', '--output', folder);
  await buf('build', '--output', join(folder, 'gen/descriptors.binpb'));
}

async function writeNatsConf(folder: string): Promise<void> {
  await mkdir(join(folder, 'nats'));
  await writeFile(join(folder, 'nats/nats.conf'), renderNatsConf());
}

async function writeConfiguration(folder: string): Promise<void> {
  await writeFile(join(folder, 'configuration.md'), await renderConfiguration());
}

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
    await generator.write(folder);
    return await use(join(folder, generator.output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function committed(generator: Generator): string {
  return join(generator.base, generator.output);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await filesUnder(path)) hash.update(relative(path, file)).update(await readFile(file));
  return hash.digest('hex');
}

async function filesUnder(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}
