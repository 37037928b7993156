import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startNats, startPostgres, startRedis, stopStale } from '@suanli/local-servers';
import type { TestServer } from './test-infra.ts';
import { isAlive, type ServerKind, type ServerSetup } from './server-kind.ts';

/** One folder per run, named by the process that runs it. */
const RUNS_DIR = join(import.meta.dirname, '../../../../.data/test-runs');
const KILL_TIMEOUT_MS = 5_000;
const SOURCES = ['machine', 'package'] as const;

export async function startLocally(kind: ServerKind, options: ServerSetup, folder: string = kind): Promise<TestServer> {
  const dir = join(RUNS_DIR, String(process.pid), folder);
  const server = await start(kind, dir, options);
  return {
    url: server.url,
    from: 'local',
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
      await rmdir(dirname(dir)).catch(() => undefined); // Not empty while another server of this run is there.
    },
  };
}

function start(kind: ServerKind, dir: string, { password, natsAuthorization }: ServerSetup) {
  switch (kind) {
    case 'postgres':
      return startPostgres({ dir, password, durability: 'off', sources: SOURCES });
    case 'nats':
      return startNats({ dir, authorization: natsAuthorization, sources: SOURCES });
    case 'redis':
      return startRedis({ dir, password, sources: SOURCES });
    default:
      return kind satisfies never;
  }
}

/** Ends servers of test runs that were killed, and removes their folders. */
export async function sweepLocal(): Promise<void> {
  await mkdir(RUNS_DIR, { recursive: true });
  for (const run of await readdir(RUNS_DIR)) {
    if (isAlive(Number(run))) continue;
    for (const file of await readdir(join(RUNS_DIR, run), { recursive: true })) {
      if (!file.endsWith('.pid')) continue;
      await stopStale(join(RUNS_DIR, run, file), { signal: 'SIGKILL', timeoutMs: KILL_TIMEOUT_MS });
    }
    await rm(join(RUNS_DIR, run), { recursive: true, force: true });
  }
}
