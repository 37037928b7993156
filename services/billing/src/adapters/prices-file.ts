import { readFile } from 'node:fs/promises';
import { CURRENCY } from '@suanli/kernel';
import { parse } from 'yaml';
import { z } from 'zod';
import type { NewPrice } from '../app/prices/publish-prices.ts';

const wholeNumber = z.union([z.int(), z.string().regex(/^[0-9]{1,18}$/)]).transform((value) => BigInt(value));

const pricesFile = z.strictObject({
  currency: z.literal(CURRENCY),
  prices: z.array(
    z.strictObject({
      meter: z.string().min(1),
      region: z.string(),
      item: z.string().min(1),
      amount_micros: wholeNumber.refine((value) => value >= 0n, 'must not be negative'),
      per_quantity: wholeNumber.refine((value) => value > 0n, 'must be positive'),
      display: z.string().min(1),
      /** Absent: since ever, so that no usage can be older than its price. */
      effective_from: z.iso.datetime().optional(),
    }),
  ),
});

/** Reads PRICES_FILE. Throws with every problem when it is no price list. */
export async function readPricesFile(path: string): Promise<NewPrice[]> {
  const parsed = pricesFile.safeParse(parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path} is no price list:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.prices.map(({ amount_micros, per_quantity, effective_from, ...price }) => ({
    ...price,
    amountMicros: amount_micros,
    perQuantity: per_quantity,
    effectiveFrom: effective_from === undefined ? 0 : Date.parse(effective_from),
  }));
}
