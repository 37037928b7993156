import type { NewPrice } from '../../src/app/prices/publish-prices.ts';
import type { NewPlan } from '../../src/domain/plan/plan.ts';
import type { PriceModel } from '../../src/domain/price/price-model.ts';
import { shanghai } from '../../src/testing/dates.ts';

/** What is for sale in the year, as data: the run publishes it, the oracle reckons with it. */

const GPU_HOUR = 3_600_000_000n;
const GB_HOUR = 3_600_000_000n;
const MILLION = 1_000_000n;

export const BIG_MODEL = 'model.big';
export const SMALL_MODEL = 'model.small';
export const GPU_ITEMS = ['gpu.a100-80g', 'gpu.h20-96g'] as const;
export const REGIONS = ['cn-shanghai', 'cn-beijing'] as const;

type Terms = Pick<NewPrice, 'meter' | 'item' | 'amountMicros' | 'perQuantity'> & Partial<NewPrice>;

const priced = (terms: Terms): NewPrice => ({ region: '', display: '', effectiveFrom: 0, ...terms });

/** Numbers without a common divisor: rounding shows. */
const graduated = (first: bigint, second: bigint, third: bigint): PriceModel => ({
  kind: 'graduated',
  tiers: [
    { upTo: 3_000_001n, amountMicros: first },
    { upTo: 20_000_003n, amountMicros: second, flatMicros: 777n },
    { amountMicros: third },
  ],
});
const volume = (first: bigint, second: bigint): PriceModel => ({
  kind: 'volume',
  tiers: [{ upTo: 25_000_000_000_007n, amountMicros: first }, { amountMicros: second }],
});

export const FIRST_PRICES: readonly NewPrice[] = [
  priced({ meter: 'gpu_time', item: '*', amountMicros: 9_870_011n, perQuantity: GPU_HOUR }),
  priced({ meter: 'gpu_time', item: GPU_ITEMS[0], amountMicros: 12_340_007n, perQuantity: GPU_HOUR }),
  priced({
    meter: 'gpu_time',
    item: GPU_ITEMS[0],
    region: REGIONS[1],
    amountMicros: 11_110_013n,
    perQuantity: GPU_HOUR,
  }),
  priced({
    meter: 'tokens_input',
    item: BIG_MODEL,
    model: graduated(4_000_037n, 3_100_019n, 2_000_003n),
    amountMicros: 4_000_037n,
    perQuantity: MILLION,
  }),
  priced({
    meter: 'tokens_output',
    item: BIG_MODEL,
    model: graduated(16_000_057n, 12_000_017n, 8_000_009n),
    amountMicros: 16_000_057n,
    perQuantity: MILLION,
  }),
  priced({ meter: 'tokens_input', item: '*', amountMicros: 1_000_003n, perQuantity: MILLION }),
  priced({ meter: 'tokens_output', item: '*', amountMicros: 2_000_029n, perQuantity: MILLION }),
  priced({
    meter: 'storage_time',
    item: '*',
    model: volume(1_013n, 907n),
    amountMicros: 1_013n,
    perQuantity: GB_HOUR,
  }),
  priced({ meter: 'requests', item: '*', model: { kind: 'package' }, amountMicros: 1_500_001n, perQuantity: 1_000n }),
  priced({ meter: 'items', item: 'support', model: { kind: 'flat' }, amountMicros: 29_000_017n, perQuantity: 1n }),
];

/** Told some days before its own instant; the usage before it, also the one that comes late, keeps the old price. */
export type PriceChange = { publishedOn: string; prices: readonly NewPrice[] };

const CHANGES_AT = ['2028-02-29T13:37:11.123', '2028-03-16T15:00:00', '2028-10-01T00:00:00'].map(shanghai);
const [LEAP_DAY = 0, MID_MONTH = 0, MONTH_EDGE = 0] = CHANGES_AT;

/** One in the middle of jobs on the leap day, one in the middle of a month of tiers, one at the edge of a month. */
export const PRICE_CHANGES: readonly PriceChange[] = [
  {
    publishedOn: '2028-02-26',
    prices: [
      priced({
        meter: 'gpu_time',
        item: GPU_ITEMS[0],
        amountMicros: 10_990_033n,
        perQuantity: GPU_HOUR,
        effectiveFrom: LEAP_DAY,
      }),
      priced({
        meter: 'gpu_time',
        item: '*',
        amountMicros: 9_120_041n,
        perQuantity: GPU_HOUR,
        effectiveFrom: LEAP_DAY + 1,
      }),
    ],
  },
  {
    publishedOn: '2028-03-15',
    prices: [
      priced({
        meter: 'tokens_input',
        item: BIG_MODEL,
        model: graduated(3_500_029n, 3_000_011n, 1_500_007n),
        amountMicros: 3_500_029n,
        perQuantity: MILLION,
        effectiveFrom: MID_MONTH,
      }),
      priced({
        meter: 'tokens_output',
        item: '*',
        amountMicros: 1_800_023n,
        perQuantity: MILLION,
        effectiveFrom: MID_MONTH,
      }),
    ],
  },
  {
    publishedOn: '2028-09-20',
    prices: [
      priced({
        meter: 'storage_time',
        item: '*',
        model: volume(1_103n, 1_009n),
        amountMicros: 1_103n,
        perQuantity: GB_HOUR,
        effectiveFrom: MONTH_EDGE,
      }),
      priced({
        meter: 'requests',
        item: '*',
        model: { kind: 'package' },
        amountMicros: 1_700_021n,
        perQuantity: 1_200n,
        effectiveFrom: MONTH_EDGE,
      }),
    ],
  },
];

/** A meter that is used before it has a price: its usage waits, and is rated when the price comes. */
export const LATE_PRICE: PriceChange = {
  publishedOn: '2028-02-10',
  prices: [priced({ meter: 'tokens_reasoning', item: '*', amountMicros: 5_000_011n, perQuantity: MILLION })],
};

const month = { period: 'month', effectiveFrom: 0, isWithdrawn: false } as const;
const reserved = (count: number) => ({ kind: 'reservation', item: GPU_ITEMS[0], region: REGIONS[0], count }) as const;

export const PLANS: readonly NewPlan[] = [
  { ...month, code: 'gpu-month', name: 'A100 包月', family: 'gpu', priceMicros: 31_000_003n, benefit: reserved(1) },
  { ...month, code: 'gpu-double', name: 'A100 × 2', family: 'gpu', priceMicros: 61_000_007n, benefit: reserved(2) },
  {
    ...month,
    code: 'credit-month',
    name: '推理月包',
    family: 'credit',
    priceMicros: 20_000_001n,
    benefit: { kind: 'credit', amountMicros: 26_000_009n, products: ['inference'], items: [], regions: [] },
  },
  {
    ...month,
    period: 'year',
    code: 'gpu-year',
    name: 'A100 包年',
    family: 'gpu-year',
    priceMicros: 301_000_019n,
    benefit: reserved(1),
  },
];

/** `validDays` after its redemption the credit is gone. */
export type Campaign = { name: string; day: number; amountMicros: bigint; validDays: number; products: string[] };

export const CAMPAIGNS: readonly Campaign[] = [
  { name: '新年', day: 2, amountMicros: 8_000_003n, validDays: 21, products: [] },
  { name: '春季', day: 70, amountMicros: 15_000_007n, validDays: 30, products: ['inference'] },
  { name: '年中', day: 165, amountMicros: 40_000_001n, validDays: 45, products: ['job'] },
  { name: '双十一', day: 312, amountMicros: 11_110_011n, validDays: 15, products: [] },
];
