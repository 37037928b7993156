import { expect, it } from 'vitest';
import { billingOnPostgres } from '../under-test.ts';
import { auditYear } from './audit/audit-year.ts';
import { reportYear } from './report-year.ts';
import { runYear } from './run-year.ts';

const SEED = Number(process.env['SEED'] ?? 20_280_229);
const TENANTS = Number(process.env['TENANTS'] ?? 1_000);
const LEAP_YEAR_DAYS = 366;
/** Half a million of a thousand. */
const EVENTS_PER_TENANT = 500;

it(`a leap year of ${TENANTS} tenants: invoices sum to the ledger to the micro (SEED=${SEED})`, async () => {
  await using billing = await billingOnPostgres();
  const startedAt = performance.now();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const year = await runYear(billing, { seed: SEED, tenantCount: TENANTS, days: LEAP_YEAR_DAYS }, say);
  const audit = await auditYear(billing, year);
  say(reportYear(year, audit, performance.now() - startedAt));
  expect(audit.findings).toEqual([]);
  expect(year.counts.get('events')).toBeGreaterThanOrEqual(TENANTS * EVENTS_PER_TENANT);
});
