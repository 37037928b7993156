import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@suanli/test-kit';
import type { PlatformFile } from '@suanli/tools/platform-file';
import { inject } from 'vitest';
import type {} from './global-setup.ts';

/** The processes of the platform and the servers behind it, as `pids` names them. */
export const VICTIMS = [
  'scheduler',
  'agent-cn-shanghai',
  'agent-cn-hefei',
  'billing',
  'model-hub',
  'workflow',
  'gateway',
  'nats',
  'redis',
  'postgres',
] as const;
export type Victim = (typeof VICTIMS)[number];

const RECOVERY_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

/** What the running platform says of itself now: process ids change when something dies. */
export function platform(): Promise<PlatformFile> {
  return readJson<PlatformFile>('platform.json');
}

/** Passwords and keys that no tenant may ever see, by name. */
export function platformSecrets(): Promise<Record<string, string>> {
  return readJson<Record<string, string>>('secrets.json');
}

/** `kill -9`; returns the id of the process that died. Its supervisor starts another. */
export async function kill(victim: Victim): Promise<number> {
  const pid = await eventually(async () => (await platform()).pids[victim] ?? false, { timeoutMs: RECOVERY_MS });
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** Resolves when another process stands in the place of the one that was killed. */
export async function isReplaced(victim: Victim, pid: number): Promise<void> {
  await eventually(
    async () => {
      const now = (await platform()).pids[victim];
      return now !== undefined && now !== pid;
    },
    { timeoutMs: RECOVERY_MS },
  );
}

/** Resolves when every process says that it is ready. */
export async function untilAllReady(): Promise<void> {
  const { ops } = await platform();
  await eventually(
    async () => {
      for (const [name, address] of Object.entries(ops)) {
        const answer = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
        if (!answer.ok) throw new Error(`${name} is not ready: ${await answer.text()}`);
      }
    },
    { timeoutMs: RECOVERY_MS },
  );
}

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(inject('platformDir'), name), 'utf8')) as T;
}
