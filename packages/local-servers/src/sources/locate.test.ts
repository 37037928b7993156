import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseProgram, debianPostgresFolders, findProgram } from './locate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suanli-locate-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

it('finds a program on the path, and passes over a file that cannot be run', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  for (const bin of [first, second]) await writeProgram(bin, 'suanli-probe');
  await chmod(join(first, 'suanli-probe'), 0o644);
  expect(findProgram('suanli-probe', `${first}:${second}`)).toBe(join(second, 'suanli-probe'));
  expect(findProgram('suanli-absent', first)).toBeUndefined();
});

it('prefers the newest of several PostgreSQL installations', async () => {
  const root = join(folder, 'postgresql');
  for (const version of ['9', '15', '18', 'common']) await writeProgram(join(root, version, 'bin'), 'initdb');
  expect(debianPostgresFolders(root)).toEqual(['18', '15', '9'].map((version) => join(root, version, 'bin')));
});

it('names what to install when nothing can run a server', async () => {
  await expect(chooseProgram('suanli-absent', { sources: ['machine'] })).rejects.toThrow(
    /apt-get install suanli-absent/,
  );
});

async function writeProgram(bin: string, name: string): Promise<void> {
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
}
