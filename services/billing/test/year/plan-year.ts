import type { TenantPath } from '@suanli/kernel';
import type { ExpiryMode } from '../../src/domain/plan/policy.ts';
import { shanghai } from '../../src/testing/dates.ts';
import { chanceOf } from './chance.ts';
import { CAMPAIGNS } from './year-prices.ts';

/** How large a year is; the same seed and size give the same year. */
export type YearSize = { seed: number; tenantCount: number; days: number };

const DAY_MS = 86_400_000;
const FIRST_MIDNIGHT = shanghai('2028-01-01T00:00:00');
/** The first instant of a day of the year, from 0, in Shanghai. */
export const startOf = (day: number): number => FIRST_MIDNIGHT + day * DAY_MS;

/** What a tenant mostly does: train on GPUs, call models, or keep data. */
export type Habit = 'trainer' | 'caller' | 'keeper';

export type TenantPlan = {
  index: number;
  tenant: TenantPath;
  habit: Habit;
  /** Its wallet is opened on this day, usage or not. */
  opensOn: number;
  acts: readonly (Act & { day: number })[];
};

/** What a tenant, or an operator for it, does on a day. */
export type Act =
  | { kind: 'recharge'; amountMicros: bigint }
  | { kind: 'redeem'; campaign: number; isAgain: boolean }
  | { kind: 'grant'; amountMicros: bigint; validDays: number; product: string }
  | { kind: 'buy'; planCode: string; quantity: number; expiryMode: ExpiryMode }
  | { kind: 'change_plan'; planCode: string; quantity: number }
  | { kind: 'expiry_mode'; expiryMode: ExpiryMode }
  | { kind: 'release' }
  | { kind: 'refund_order'; percent: bigint }
  | { kind: 'payout'; amountMicros: bigint; isApproved: boolean }
  | { kind: 'own_price'; amountMicros: bigint }
  | { kind: 'discount'; basisPoints: number; atMs: number }
  | { kind: 'commit'; monthlyMicros: bigint }
  | { kind: 'budget'; isHard: boolean; limitMicros: bigint }
  | { kind: 'invoice' };

/** Days on which plans begin that have to mind the length of months: 31 January, 29 February, 31 March, 31 August. */
const MONTH_ENDS = [30, 59, 90, 243] as const;
const HABITS: readonly Habit[] = [
  'trainer',
  'trainer',
  'trainer',
  'caller',
  'caller',
  'caller',
  'caller',
  'keeper',
  'keeper',
  'keeper',
];
const YUAN = 1_000_000n;
const MONTHLY_YUAN: Record<Habit, number> = { trainer: 3_000, caller: 400, keeper: 150 };

export function planTenants({ seed, tenantCount, days }: YearSize): TenantPlan[] {
  return Array.from({ length: tenantCount }, (_, index) => {
    const accountId = `acc_${String(index).padStart(4, '0')}`;
    const habit = HABITS[index % HABITS.length] ?? 'keeper';
    // The wallets of some come after their first usage.
    const opensOn = index % 50 === 19 ? 9 : 0;
    const tenant = { accountId, workspaceId: `wsp_of_${accountId}`, principalId: `key_of_${accountId}` };
    const acts = [...moneyOf(seed, index, habit, days), ...plansOf(seed, index), ...termsOf(seed, index, habit)];
    const inTime = acts.filter(({ day }) => day >= opensOn && day < days);
    return { index, tenant, habit, opensOn, acts: inTime.sort((a, b) => a.day - b.day) };
  });
}

type Planned = Act & { day: number };

/** Money in, credit, vouchers, and money out. One in thirteen pays in too little: the platform bears what it used. */
function moneyOf(seed: number, index: number, habit: Habit, days: number): Planned[] {
  const chance = chanceOf(seed, 'money', index);
  const acts: Planned[] = [];
  const everyDays = habit === 'trainer' ? 30 : 90;
  for (let day = 0; day < days; day += everyDays) {
    const months = everyDays / 30;
    const yuan = Math.ceil((MONTHLY_YUAN[habit] * months * chance.between(60, 140)) / (index % 13 === 7 ? 2_000 : 100));
    acts.push({ kind: 'recharge', day: day + (index % 9), amountMicros: BigInt(yuan) * YUAN });
  }
  for (const [campaign, { day }] of CAMPAIGNS.entries()) {
    if (!chance.percent(45)) continue;
    const redeemsOn = day + chance.between(0, 10);
    acts.push({ kind: 'redeem', day: redeemsOn, campaign, isAgain: false });
    if (chance.percent(10)) acts.push({ kind: 'redeem', day: redeemsOn + 1, campaign, isAgain: true });
  }
  if (chance.percent(20)) {
    const product = chance.pick(['job', 'inference', 'storage', '']);
    const terms = {
      amountMicros: BigInt(chance.between(1, 60)) * 1_000_003n,
      validDays: chance.between(5, 60),
      product,
    };
    acts.push({ kind: 'grant', day: chance.between(3, 330), ...terms });
  }
  if (chance.percent(12)) {
    const amountMicros = BigInt(chance.between(1, 20)) * YUAN;
    acts.push({ kind: 'payout', day: chance.between(10, 340), amountMicros, isApproved: chance.percent(75) });
  }
  if (chance.percent(4)) acts.push({ kind: 'invoice', day: chance.between(14, 350) });
  return acts;
}

/** A third buys a plan; some change it, give it up, or have their order refunded. */
function plansOf(seed: number, index: number): Planned[] {
  const chance = chanceOf(seed, 'plans', index);
  if (!chance.percent(33)) return [];
  const planCode = chance.pick(['gpu-month', 'gpu-month', 'gpu-double', 'credit-month', 'credit-month', 'gpu-year']);
  const expiryMode = chance.pick<ExpiryMode>(['renew', 'renew', 'renew', 'stop', 'convert_to_pay_as_you_go']);
  const day = chance.percent(40) ? chance.pick(MONTH_ENDS) : chance.between(4, 200);
  const acts: Planned[] = [{ kind: 'buy', day, planCode, quantity: chance.between(1, 3), expiryMode }];
  const later = day + chance.between(1, 75);
  const isGpu = planCode === 'gpu-month' || planCode === 'gpu-double';
  if (isGpu && chance.percent(40)) {
    acts.push({ kind: 'change_plan', day: later, planCode: 'gpu-double', quantity: chance.between(1, 5) });
  }
  if (isGpu && chance.percent(25)) {
    acts.push({ kind: 'change_plan', day: later + 20, planCode: 'gpu-month', quantity: 1 });
  }
  if (chance.percent(20))
    acts.push({ kind: 'expiry_mode', day: later + 3, expiryMode: chance.pick(['stop', 'renew']) });
  if (chance.percent(25)) acts.push({ kind: 'release', day: later + chance.between(0, 90) });
  if (chance.percent(12)) acts.push({ kind: 'refund_order', day: day + 2, percent: BigInt(chance.between(1, 100)) });
  return acts;
}

/** Discounts, own prices, minimum commits and budgets, each for some. */
function termsOf(seed: number, index: number, habit: Habit): Planned[] {
  const chance = chanceOf(seed, 'terms', index);
  const acts: Planned[] = [];
  if (index % 7 === 3) {
    const atMs = chance.between(10, 20) * 3_600_000 + chance.between(0, 3_600_000);
    acts.push({ kind: 'discount', day: chance.between(1, 100), basisPoints: chance.between(1, 4_000), atMs });
    acts.push({ kind: 'discount', day: chance.between(101, 300), basisPoints: chance.pick([0, 1_250, 10_000]), atMs });
  }
  if (index % 31 === 11 && habit === 'trainer') {
    acts.push({ kind: 'own_price', day: 0, amountMicros: BigInt(chance.between(7_000_000, 9_000_000)) });
  }
  if (index % 17 === 5) {
    acts.push({
      kind: 'commit',
      day: chance.between(11, 60),
      monthlyMicros: BigInt(chance.between(20, 200)) * 1_000_033n,
    });
  }
  if (index % 11 === 8) {
    const limitMicros = BigInt(chance.between(30, 900)) * YUAN;
    acts.push({ kind: 'budget', day: 1, isHard: chance.percent(50), limitMicros });
  }
  return acts;
}
