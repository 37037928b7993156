import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startNats, startPostgres, startRedis, stopStale } from '@suanli/local-servers';
import type { TestServer } from './test-infra.ts';
import { isAlive, natsAccountsConfig, type ServerKind } from './server-kind.ts';

/** One folder per run, named by the process that runs it. */
const RUNS_DIR = join(import.meta.dirname, '../../../../.data/test-runs');
const KILL_TIMEOUT_MS = 5_000;
const SOURCES = ['machine', 'package'] as const;

export async function startLocally(kind: ServerKind, password: string): Promise<TestServer> {
  const dir = join(RUNS_DIR, String(process.pid), kind);
  const server = await start(kind, dir, password);
  return {
    url: server.url,
    from: 'local',
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function start(kind: ServerKind, dir: string, password: string) {
  switch (kind) {
    case 'postgres':
      return startPostgres({ dir, password, durability: 'off', sources: SOURCES });
    case 'nats':
      return startNats({ dir, authorization: natsAccountsConfig(), sources: SOURCES });
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
    for (const kind of ['postgres', 'nats', 'redis']) {
      await stopStale(join(RUNS_DIR, run, kind, `${kind}.pid`), { signal: 'SIGKILL', timeoutMs: KILL_TIMEOUT_MS });
    }
    await rm(join(RUNS_DIR, run), { recursive: true, force: true });
  }
}
