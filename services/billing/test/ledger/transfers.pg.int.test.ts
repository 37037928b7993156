import { billingOnPostgres } from '../under-test.ts';
import { transferSuite } from './transfer-suite.ts';

transferSuite(billingOnPostgres, { numRuns: 15, timeoutMs: 120_000, seed: seedOf() });

/** Another one each run; `SEED=…` repeats one. */
function seedOf(): number {
  return Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
}
