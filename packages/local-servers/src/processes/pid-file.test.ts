import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseProcStat, processStart, readLivePid, stopStale, writePidFile } from './pid-file.ts';

const STAT = '4242 (a (strange) name) S 1 4242 4242 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 50';

it('reads the start time behind a name that holds brackets and spaces', () => {
  expect(parseProcStat(STAT, 'boot')).toBe('boot:987654');
});

it('counts a zombie as gone', () => {
  expect(parseProcStat(STAT.replace(') S ', ') Z '), 'boot')).toBeUndefined();
});

it('knows a process again by its start, and leaves a stranger with the same pid alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'suanli-pid-'));
  const path = join(folder, 'x.pid');
  try {
    await writePidFile(path, process.pid);
    expect(await readLivePid(path)).toBe(process.pid);
    await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: 'another boot:1' }));
    expect(await stopStale(path, { signal: 'SIGKILL', timeoutMs: 1_000 })).toBe(false);
    expect(processStart(process.pid)).toBeDefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
