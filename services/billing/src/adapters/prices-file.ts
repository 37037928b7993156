import { readFile } from 'node:fs/promises';
import { CURRENCY } from '@suanli/kernel';
import { parse } from 'yaml';
import { z } from 'zod';
import type { NewPrice } from '../app/prices/publish-prices.ts';
import { METERS } from '../domain/price/meter.ts';
import { type PriceModel, problemOf, type Tier, UNIT } from '../domain/price/price-model.ts';

const wholeNumber = z.union([z.int(), z.string().regex(/^[0-9]{1,18}$/)]).transform((value) => BigInt(value));
const amount = wholeNumber.refine((value) => value >= 0n, 'must not be negative');

const tier = z.strictObject({ up_to: wholeNumber.optional(), amount_micros: amount, flat_micros: amount.optional() });

const pricesFile = z.strictObject({
  currency: z.literal(CURRENCY),
  prices: z.array(
    z
      .strictObject({
        meter: z.enum(METERS.map((meter) => meter.name)),
        region: z.string(),
        item: z.string().min(1),
        /** Absent: so much per so many. */
        model: z.enum(['unit', 'graduated', 'volume', 'package', 'flat']).default('unit'),
        /** Of `graduated` and `volume`, which need no amount of their own. */
        tiers: z.array(tier).optional(),
        amount_micros: amount.optional(),
        per_quantity: wholeNumber.refine((value) => value > 0n, 'must be positive'),
        display: z.string().min(1),
        /** Absent: since ever, so that no usage can be older than its price. */
        effective_from: z.iso.datetime().optional(),
      })
      .transform((price, problems) => {
        const read = toNewPrice(price);
        const problem = amountOf(price) === undefined ? 'amount_missing' : problemOf({ model: UNIT, ...read });
        if (problem !== undefined) problems.addIssue(`this is no price: ${problem}`);
        return read;
      }),
  ),
});

type PriceEntry = {
  meter: string;
  region: string;
  item: string;
  model: PriceModel['kind'];
  tiers?:
    | readonly { up_to?: bigint | undefined; amount_micros: bigint; flat_micros?: bigint | undefined }[]
    | undefined;
  amount_micros?: bigint | undefined;
  per_quantity: bigint;
  display: string;
  effective_from?: string | undefined;
};

/** Reads PRICES_FILE. Throws with every problem when it is no price list. */
export async function readPricesFile(path: string): Promise<NewPrice[]> {
  const parsed = pricesFile.safeParse(parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path} is no price list:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.prices;
}

function toNewPrice(entry: PriceEntry): NewPrice {
  const { meter, region, item, per_quantity: perQuantity, display, effective_from: from } = entry;
  return {
    ...{ meter, region, item, perQuantity, display },
    ...(entry.model !== 'unit' && { model: modelOf(entry) }),
    amountMicros: amountOf(entry) ?? 0n,
    effectiveFrom: from === undefined ? 0 : Date.parse(from),
  };
}

function modelOf({ model: kind, tiers = [] }: PriceEntry): PriceModel {
  if (kind !== 'graduated' && kind !== 'volume') return { kind };
  return {
    kind,
    tiers: tiers.map(
      ({ up_to: upTo, amount_micros: amountMicros, flat_micros: flatMicros }): Tier => ({
        amountMicros,
        ...(upTo !== undefined && { upTo }),
        ...(flatMicros !== undefined && { flatMicros }),
      }),
    ),
  };
}

/** A tiered price shows the amount of its first tier. */
function amountOf({ amount_micros: own, tiers }: PriceEntry): bigint | undefined {
  return own ?? tiers?.[0]?.amount_micros;
}
