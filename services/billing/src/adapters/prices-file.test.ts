import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPricesFile } from './prices-file.ts';

const CATALOGUE = fileURLToPath(new URL('../../../../deploy/catalogue/prices.yaml', import.meta.url));

describe('readPricesFile', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prices-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function read(text: string) {
    const path = join(folder, 'prices.yaml');
    await writeFile(path, text);
    return readPricesFile(path);
  }

  it('reads the catalogue that comes with the platform', async () => {
    const prices = await readPricesFile(CATALOGUE);
    expect(prices).toContainEqual(
      expect.objectContaining({
        meter: 'gpu_time',
        item: 'gpu.a100-80g',
        amountMicros: 12_800_000n,
        perQuantity: 3_600_000_000n,
        effectiveFrom: 0,
      }),
    );
  });

  it('reads tiers, packages and flat prices, and shows the first tier', async () => {
    const prices = await readPricesFile(CATALOGUE);
    const models = prices.flatMap(({ model, meter }) => (model === undefined ? [] : [[meter, model.kind]]));
    expect(models).toEqual([
      ['storage_time', 'graduated'],
      ['requests', 'package'],
      ['requests', 'volume'],
      ['items', 'flat'],
    ]);
    expect(prices.find((price) => price.item === 'moderation')).toMatchObject({
      amountMicros: 400n,
      model: { tiers: [{ upTo: 100_000n, amountMicros: 400n }, { amountMicros: 250n }] },
    });
  });

  it('refuses tiers that end, and a price without an amount', async () => {
    const price = (fields: string) =>
      `{ "currency": "CNY", "prices": [{ "meter": "requests", "region": "", "item": "*", "per_quantity": 1, "display": "x", ${fields} }] }`;
    await expect(read(price('"model": "volume", "tiers": [{ "up_to": 5, "amount_micros": 1 }]'))).rejects.toThrow(
      'last_tier_has_an_end',
    );
    await expect(read(price('"model": "package"'))).rejects.toThrow('amount_missing');
  });

  it.each([
    ['a unit of nothing', '"amount_micros": 1, "per_quantity": 0, "display": "x"', 'must be positive'],
    ['a fraction', '"amount_micros": 1.5, "per_quantity": 1, "display": "x"', 'amount_micros'],
    ['an unknown field', '"amount_micros": 1, "per_quantity": 1, "display": "x", "discount": 1', 'discount'],
  ])('refuses %s and says where', async (_story, fields, complaint) => {
    const text = `# comment\n{ "currency": "CNY", "prices": [{ "meter": "m", "region": "", "item": "*", ${fields} }] }`;
    await expect(read(text)).rejects.toThrow(complaint);
  });

  it('refuses text of another form', async () => {
    await expect(read('currency: CNY')).rejects.toThrow('is no price list');
  });
});
