import { spawnSync } from 'node:child_process';
import { root } from '../root.ts';

const QUESTION_TIMEOUT_MS = 20_000;

/** What a short question to compose answers; nothing when there is no engine or no such project. */
export function compose(...args: string[]): string {
  const options = { cwd: root, encoding: 'utf8', timeout: QUESTION_TIMEOUT_MS } as const;
  const { status, stdout } = spawnSync('docker', ['compose', ...args], options);
  return status === 0 ? stdout.trim() : '';
}

/** Runs compose where everybody can see it; throws when it fails. */
export function composeAloud(...args: string[]): void {
  const { status } = spawnSync('docker', ['compose', ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`docker compose ${args.join(' ')} failed`);
}
