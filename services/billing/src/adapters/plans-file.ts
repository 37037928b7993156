import { readFile } from 'node:fs/promises';
import { CURRENCY } from '@suanli/kernel';
import { parse } from 'yaml';
import { z } from 'zod';
import type { NewPlan } from '../domain/plan/plan.ts';

const micros = z
  .union([z.int(), z.string().regex(/^[0-9]{1,15}$/)])
  .transform((value) => BigInt(value))
  .refine((value) => value > 0n, 'must be positive');
const names = z.array(z.string().min(1)).default([]);
const code = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

const plansFile = z.strictObject({
  currency: z.literal(CURRENCY),
  plans: z.array(
    z.strictObject({
      code,
      name: z.string().min(1),
      period: z.enum(['month', 'year']),
      price_micros: micros,
      family: code,
      benefit: z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('reservation'),
          item: z.string().min(1),
          region: z.string().min(1),
          count: z.int().min(1).max(10_000),
        }),
        z.strictObject({
          kind: z.literal('credit'),
          amount_micros: micros,
          products: names,
          items: names,
          regions: names,
        }),
      ]),
    }),
  ),
});

/** Reads PLANS_FILE. Throws with every problem when it is no catalogue of plans. */
export async function readPlansFile(path: string): Promise<NewPlan[]> {
  const parsed = plansFile.safeParse(parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path} is no catalogue of plans:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.plans.map(({ price_micros, benefit, ...plan }) => ({
    ...plan,
    priceMicros: price_micros,
    benefit: benefitOf(benefit),
    effectiveFrom: 0,
    isWithdrawn: false,
  }));
}

type Benefit = z.infer<typeof plansFile>['plans'][number]['benefit'];

function benefitOf(benefit: Benefit): NewPlan['benefit'] {
  if (benefit.kind === 'reservation') return benefit;
  const { amount_micros: amountMicros, ...rest } = benefit;
  return { ...rest, amountMicros };
}
