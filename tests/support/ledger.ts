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
};

/** Refolds the whole ledger as `npm run ledger:verify` does. Throws when it finds a broken promise. */
export async function verifyLedger(): Promise<LedgerReport> {
  const { databases } = await platform();
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'services/billing/src/verify.ts')];
  const env = { ...process.env, DATABASE_URL: databases.billing };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return JSON.parse(stdout) as LedgerReport;
}
