import type { MeterReading, ParkReason, Usage } from '../../src/domain/rating/usage.ts';
import { type Chance, chanceOf } from './chance.ts';
import { startOf, type TenantPlan } from './plan-year.ts';
import { BIG_MODEL, GPU_ITEMS, REGIONS, SMALL_MODEL } from './year-prices.ts';

/**
 * One thing that was used, with every telling of it: the first, then each correction of the one before. The last one
 * counts, whatever the order in which they arrive.
 */
export type Fact = {
  tellings: readonly Telling[];
  /** Why it is never rated. */
  parkedFor?: ParkReason;
  /** The part of it that is charged ends here. */
  fencedAt?: number;
  /** The job whose hold pays. */
  job?: string;
};

/** An event with the days on which it is delivered: more than one are duplicates. */
export type Telling = {
  usage: Usage;
  deliveredOn: readonly number[];
  /** On this day the same id comes with another quantity: it changes nothing. */
  contradictedOn?: number;
};

/** What else happens to a job. One that is fenced is not corrected too: what of it comes after the fence is known. */
export type Fate = 'plain' | 'refunded' | 'credited' | 'fenced';
export type Job = {
  key: string;
  fate: Fate;
  from: number;
  to: number;
  holdMicros: bigint;
  /** The last event of it; the hold is closed for it, or ends by it, or runs out. */
  lastUsageId: string;
  ending: 'close' | 'final' | 'expire';
  /** Of fenced jobs. */
  fencedAt?: number;
};

export type DayOfTenant = { facts: Fact[]; job?: Job };

const HOUR_MS = 3_600_000;
const YUAN = 1_000_000n;
/** Usage is told in the evening; what ends after this hour is told on the next day. */
const TOLD_UNTIL_MS = 20 * HOUR_MS;

/** What a tenant uses on a day. Pure: any day of any tenant can be asked alone. */
export function usageOn(seed: number, plan: TenantPlan, day: number): DayOfTenant {
  const chance = chanceOf(seed, 'usage', plan.index, day);
  const ids = idsOf(plan, day);
  const facts: Fact[] = [];
  let job: Job | undefined;
  if (plan.habit === 'trainer' && chance.percent(36)) {
    job = planJob(chance, plan, day, ids);
    facts.push(...factsOfJob(chance, plan, day, job, ids));
  }
  if (plan.habit === 'caller') {
    for (let left = chance.between(0, 3); left > 0; left--) facts.push(...calls(chance, plan, day, ids));
    if (chance.percent(25)) facts.push(...calls(chance, plan, day, ids));
  }
  if (plan.habit === 'keeper') {
    facts.push(...storage(chance, plan, day, ids));
    if (chance.percent(35)) facts.push(...requests(chance, plan, day, ids));
  }
  if (chance.percent(0.3)) facts.push(...mistake(chance, plan, day, ids));
  return { facts, ...(job !== undefined && { job }) };
}

type Ids = { next(what: string): string };

function idsOf({ tenant }: TenantPlan, day: number): Ids {
  let count = 0;
  return { next: (what) => `${tenant.accountId}:${day}:${count++}:${what}` };
}

function planJob(chance: Chance, plan: TenantPlan, day: number, ids: Ids): Job {
  const from = startOf(day) + chance.pick([10, 10, 12, 18]) * HOUR_MS + chance.between(0, HOUR_MS);
  const to = from + chance.between(1, 9) * HOUR_MS + chance.between(0, 999_983);
  const fate = chance.percent(80) ? 'plain' : chance.pick<Fate>(['refunded', 'credited', 'fenced']);
  return {
    key: `job_${plan.index}_${day}`,
    fate,
    from,
    to,
    holdMicros: BigInt(chance.between(20, 500)) * YUAN,
    lastUsageId: ids.next('last'),
    ending: chance.pick(['close', 'close', 'final', 'expire']),
    ...(fate === 'fenced' && { fencedAt: chance.between(from + 1, to) }),
  };
}

/** Slices of one run, some of them a millisecond long; a job in the evening goes on into the next day, or month. */
function factsOfJob(chance: Chance, plan: TenantPlan, day: number, job: Job, ids: Ids): Fact[] {
  const gpus = BigInt(chance.between(1, 9));
  const [item, region] = [chance.pick(GPU_ITEMS), chance.pick(REGIONS)];
  const count = chance.between(2, 11);
  const cuts = Array.from({ length: count - 1 }, () => job.from + 1 + chance.between(0, job.to - job.from - 1));
  const edges = [...new Set([job.from, ...cuts, job.to])].sort((a, b) => a - b);
  const fence = job.fencedAt;
  return edges.slice(1).flatMap((to, at) => {
    const from = edges[at] ?? job.from;
    const isLast = to === job.to;
    const usage: Usage = {
      usageId: isLast ? job.lastUsageId : ids.next('slice'),
      tenant: plan.tenant,
      source: { kind: 'job', id: job.key, epoch: 1 },
      costKey: '',
      readings: [{ meter: 'gpu_time', quantity: gpus * 1_000n * BigInt(to - from) }],
      region,
      item,
      from,
      to,
      isFinal: isLast && job.ending === 'final',
    };
    const toldOn = to <= startOf(day) + TOLD_UNTIL_MS ? day : day + 1;
    const fact = { job: job.key, ...(fence !== undefined && { fencedAt: fence }) };
    if (job.fate !== 'fenced') return told(chance, plan, usage, toldOn, ids).map((one) => ({ ...one, ...fact }));
    const isBeyond = fence !== undefined && from >= fence && toldOn > fenceToldOn(day);
    const parked = isBeyond ? { parkedFor: 'beyond_fence' as const } : {};
    return [{ tellings: [{ usage, deliveredOn: deliveries(chance, toldOn) }], ...fact, ...parked }];
  });
}

/** The evening, after the usage of that day: a slice of the next day comes after the fence. */
export const fenceToldOn = (day: number): number => day;

function calls(chance: Chance, plan: TenantPlan, day: number, ids: Ids): Fact[] {
  const isBig = chance.percent(60);
  const to = startOf(day) + chance.between(0, TOLD_UNTIL_MS);
  const readings: MeterReading[] = [{ meter: 'tokens_input', quantity: BigInt(chance.between(0, 3_000_000)) }];
  if (chance.percent(35)) readings.push({ meter: 'tokens_output', quantity: BigInt(chance.between(0, 600_000)) });
  if (!isBig && chance.percent(4)) {
    readings.push({ meter: 'tokens_reasoning', quantity: BigInt(chance.between(1, 400_000)) });
  }
  const source = { kind: 'inference', id: `${plan.tenant.accountId}-${isBig ? 'big' : 'small'}`, epoch: 0 };
  const usage = usageOf(plan, ids.next('call'), { source, readings, item: isBig ? BIG_MODEL : SMALL_MODEL });
  const call = { ...usage, from: to - chance.between(0, 60_000), to };
  // What waits for its price is told once: who would be first of those that correct it is left to chance.
  return readings.some(({ meter }) => meter === 'tokens_reasoning')
    ? [{ tellings: [{ usage: call, deliveredOn: deliveries(chance, day) }] }]
    : told(chance, plan, call, day, ids);
}

/** A whole day from evening to evening: over midnight, and over the ends of months. */
function storage(chance: Chance, plan: TenantPlan, day: number, ids: Ids): Fact[] {
  const to = startOf(day) + TOLD_UNTIL_MS;
  const megabytes = BigInt(chance.between(1, 40_000));
  const source = { kind: 'storage', id: `${plan.tenant.accountId}-disk-${plan.index % 3}`, epoch: 0 };
  const readings = [
    { meter: 'storage_time', quantity: megabytes * BigInt(24 * HOUR_MS) + BigInt(chance.between(0, 999)) },
  ];
  const usage = usageOf(plan, ids.next('disk'), { source, readings, item: 'ssd' });
  return told(chance, plan, { ...usage, from: to - 24 * HOUR_MS, to }, day, ids);
}

function requests(chance: Chance, plan: TenantPlan, day: number, ids: Ids): Fact[] {
  const isSupport = chance.percent(4);
  const to = startOf(day) + chance.between(0, TOLD_UNTIL_MS);
  const readings = isSupport
    ? [{ meter: 'items', quantity: 1n }]
    : [{ meter: 'requests', quantity: BigInt(chance.between(0, 900)) }];
  const source = { kind: isSupport ? 'support' : 'inference', id: `${plan.tenant.accountId}-misc`, epoch: 0 };
  const usage = usageOf(plan, ids.next('requests'), { source, readings, item: isSupport ? 'support' : 'gateway' });
  return told(chance, plan, { ...usage, from: to, to }, day, ids);
}

function usageOf(
  { tenant }: TenantPlan,
  usageId: string,
  of: Pick<Usage, 'source' | 'readings' | 'item'>,
): Omit<Usage, 'from' | 'to'> {
  return { usageId, tenant, ...of, costKey: '', region: REGIONS[0], isFinal: false };
}

const MISTAKES: readonly (readonly [ParkReason, Partial<Usage>])[] = [
  ['price_not_found', { readings: [{ meter: 'quantum_time', quantity: 5n }] }],
  ['hold_not_found', { holdId: 'hld_nobody' }],
  ['quantity_out_of_range', { readings: [{ meter: 'requests', quantity: -5n }] }],
  ['window_out_of_range', { from: 0 }],
  ['original_not_found', { correctsUsageId: 'never told' }],
  ['quote_not_found', { quoteId: 'qte_nobody' }],
  ['wallet_not_found', { tenant: { accountId: 'acc_nobody', workspaceId: 'wsp_nobody', principalId: 'key_nobody' } }],
];

/** What can never be rated: it stays parked with its reason and costs nothing. */
function mistake(chance: Chance, plan: TenantPlan, day: number, ids: Ids): Fact[] {
  const [parkedFor, wrong] = chance.pick(MISTAKES);
  const to = startOf(day) + 10 * HOUR_MS;
  const source = { kind: 'inference', id: `${plan.tenant.accountId}-mistakes`, epoch: 0 };
  const right = usageOf(plan, ids.next('mistake'), {
    source,
    readings: [{ meter: 'requests', quantity: 1n }],
    item: 'x',
  });
  const usage: Usage = { ...right, from: to - HOUR_MS, to, ...wrong };
  return [{ tellings: [{ usage, deliveredOn: deliveries(chance, day) }], parkedFor }];
}

/** A fact as it is told: on time or late, once or often, right at once or corrected, also before it was told. */
function told(chance: Chance, plan: TenantPlan, usage: Usage, day: number, ids: Ids): Fact[] {
  const lateDays = chance.percent(3) ? chance.between(1, 6) : chance.percent(0.8) ? chance.between(20, 41) : 0;
  const tellings: Telling[] = [{ usage, deliveredOn: deliveries(chance, day + lateDays) }];
  const facts: Fact[] = [{ tellings }];
  // What waits for a wallet is not corrected before it is there, for the same reason as above.
  if (day <= plan.opensOn) return facts;
  if (chance.percent(0.1)) {
    const contradictedOn = Math.max(...tellings.flatMap((one) => one.deliveredOn)) + 1;
    return [{ tellings: tellings.map((telling) => ({ ...telling, contradictedOn })) }];
  }
  if (!chance.percent(2.5)) return facts;
  let last = usage;
  let deliveredOn = day + lateDays;
  for (let left = chance.percent(25) ? 2 : 1; left > 0; left--) {
    const corrected = correctionOf(chance, last, ids);
    // A correction of what is late itself may come first: then it waits.
    deliveredOn = lateDays > 1 && left === 1 ? day + 1 : deliveredOn + (chance.percent(20) ? 33 : chance.between(0, 9));
    tellings.push({ usage: corrected, deliveredOn: deliveries(chance, deliveredOn) });
    last = corrected;
  }
  if (chance.percent(8)) facts.push(fork(chance, usage, tellings, ids));
  return facts;
}

/** Half of them say less, down to nothing, half of them more. */
function correctionOf(chance: Chance, before: Usage, ids: Ids): Usage {
  const percent = BigInt(chance.percent(50) ? chance.pick([0, 0, 50, 97]) : chance.between(101, 190));
  const readings = before.readings.map((one) => ({ ...one, quantity: (one.quantity * percent) / 100n }));
  return { ...before, usageId: ids.next('correction'), readings, correctsUsageId: before.usageId, isFinal: false };
}

/** A second correction of the same event, after everything else was told: of a fork only the first counts. */
function fork(chance: Chance, usage: Usage, tellings: readonly Telling[], ids: Ids): Fact {
  const forked = { ...correctionOf(chance, usage, ids), usageId: ids.next('fork') };
  const after = Math.max(...tellings.flatMap((one) => one.deliveredOn)) + 1;
  return { tellings: [{ usage: forked, deliveredOn: [after] }], parkedFor: 'already_corrected' };
}

function deliveries(chance: Chance, day: number): number[] {
  if (!chance.percent(5)) return [day];
  const again = chance.percent(50) ? day : day + chance.between(1, 12);
  return chance.percent(20) ? [day, again, again] : [day, again];
}
