import { expect, it } from 'vitest';
import { billingOnPostgres } from '../under-test.ts';
import { runYear } from './run-year.ts';

const SEED = Number(process.env['SEED'] ?? 5);

it(`four months of 25 tenants (SEED=${SEED})`, async () => {
  await using billing = await billingOnPostgres();
  const startedAt = performance.now();
  const year = await runYear(billing, { seed: SEED, tenantCount: 25, days: 121 }, (line) => console.log(line));
  console.log(
    Math.round(performance.now() - startedAt),
    [...year.counts]
      .sort()
      .map(([k, v]) => `${k}: ${v}`)
      .join('\n'),
  );
  console.log(await billing.report());
  expect(1).toBe(1);
}, 600_000);
