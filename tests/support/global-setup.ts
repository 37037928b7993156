import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@suanli/local-servers';
import { startPlatform } from '@suanli/tools/platform';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the one platform that all files of a run share. */
    platformDir: string;
  }
}

/** Starts the whole platform once: the services, two agents, three servers, as `npm start` does. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'suanli-e2e-'));
  const startedAt = performance.now();
  const say = (message: string) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stderr.write(`[${seconds.padStart(6)} s] platform: ${message}\n`);
  };
  const progress = { step: say, warn: (message: string) => say(`! ${message}`) };
  const platform = await startPlatform({ dir, httpPort: await freePort(), progress });
  say('every process is ready');
  project.provide('platformDir', dir);
  return async () => {
    await platform[Symbol.asyncDispose]();
    // What the processes said is wanted when a test has failed.
    if (process.exitCode) say(`its logs are in ${join(dir, 'logs')}`);
    else await rm(dir, { recursive: true, force: true });
  };
}
