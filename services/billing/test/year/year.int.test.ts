import { expect, it } from 'vitest';
import { billingOnPostgres } from '../under-test.ts';
import { auditYear } from './audit/audit-year.ts';
import { runYear } from './run-year.ts';

const SEED = Number(process.env['SEED'] ?? 20_280_229);
/** What has to be in the year, or it would prove less than it says. */
const HAPPENS = ['corrections', 'duplicates', 'fences', 'automatic credits', 'refunds of lines', 'holds'];

it(`the months around a leap day add up for 25 tenants, to the micro (SEED=${SEED})`, async () => {
  await using billing = await billingOnPostgres();
  const year = await runYear(billing, { seed: SEED, tenantCount: 25, days: 95 }, () => undefined);
  const { findings } = await auditYear(billing, year);
  expect(findings).toEqual([]);
  expect(HAPPENS.filter((what) => (year.counts.get(what) ?? 0) === 0)).toEqual([]);
}, 120_000);
