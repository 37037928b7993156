import { fileURLToPath } from 'node:url';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPlansFile } from './plans-file.ts';

const SHIPPED = fileURLToPath(new URL('../../../../deploy/catalogue/plans.yaml', import.meta.url));

describe('readPlansFile', () => {
  it('reads the plans that are shipped', async () => {
    const plans = await readPlansFile(SHIPPED);
    expect(plans).toContainEqual(
      expect.objectContaining({
        code: 'compute-1000-month',
        benefit: { kind: 'credit', amountMicros: 1_150_000_000n, products: ['job'], items: [], regions: [] },
      }),
    );
    expect(new Set(plans.map((plan) => plan.code)).size).toBe(plans.length);
  });

  it.each([
    ['another currency', 'currency: USD\nplans: []'],
    [
      'a price of nothing',
      'currency: CNY\nplans: [{ code: a, name: a, period: month, price_micros: 0, family: a, benefit: { kind: credit, amount_micros: 1 } }]',
    ],
    [
      'a week',
      'currency: CNY\nplans: [{ code: a, name: a, period: week, price_micros: 1, family: a, benefit: { kind: credit, amount_micros: 1 } }]',
    ],
    ['no list', 'currency: CNY'],
  ])('refuses %s', async (_story, text) => {
    const folder = await mkdtemp(join(tmpdir(), 'plans-'));
    const file = join(folder, 'plans.yaml');
    await writeFile(file, text);
    await expect(readPlansFile(file)).rejects.toThrow('is no catalogue of plans');
    await rm(folder, { recursive: true });
  });
});
