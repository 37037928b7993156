import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../tidy/repository.ts';
import { platform } from './platform.ts';

export type LedgerReport = {
  driftMicros: string;
  broken: Record<string, number>;
  usageParked: number;
  activeHolds: number;
  /** `checked`: holds of jobs were matched to live attempts. */
  workloads: string;
  liveAttempts: number;
  jobHolds: number;
};

/**
 * Refolds the whole ledger and matches its holds to what the scheduler runs, as `npm run ledger:verify` does. Throws when
 * it finds a broken promise.
 */
export async function verifyLedger(): Promise<LedgerReport> {
  const { databases } = await platform();
  const liveAttempts = await run('services/scheduler/src/verify.ts', [], databases.scheduler);
  const report = await run('services/billing/src/verify.ts', ['--workloads', '-'], databases.billing, liveAttempts);
  return JSON.parse(report) as LedgerReport;
}

async function run(program: string, args: readonly string[], databaseUrl: string, input = ''): Promise<string> {
  const all = ['--disable-warning=ExperimentalWarning', join(root, program), ...args];
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const running = promisify(execFile)(process.execPath, all, { cwd: root, env });
  running.child.stdin?.end(input);
  return (await running).stdout;
}
