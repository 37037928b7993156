import { CURRENCY, type Instant, type Micros, mulDivCeil, type TenantPath } from '@suanli/kernel';

/** `never_ready`: it started and could never be used. `lost`: the platform lost it. `preempted`: something else took its place. */
export type CreditReason = 'never_ready' | 'lost' | 'preempted';
export const CREDIT_REASONS: readonly CreditReason[] = ['never_ready', 'lost', 'preempted'];

/** Time of one epoch of a workload that its tenant could not use. */
export type UnusableWindow = {
  source: { kind: string; id: string; epoch: number };
  accountId: string;
  reason: CreditReason;
  from: Instant;
  to: Instant;
  toldAt: Instant;
};

/** What was given back of one bill line for unusable time. */
export type Credit = {
  id: string;
  tenant: TenantPath;
  source: UnusableWindow['source'];
  reason: CreditReason;
  billLineId: string;
  amountMicros: Micros;
  currency: string;
  unusableFrom: Instant;
  unusableTo: Instant;
  createdAt: Instant;
};

export type CreditedCharge = { chargeId: string; creditId?: string; amountMicros: Micros };

type Part = {
  chargeId: string;
  billLineId: string;
  tenant: TenantPath;
  paidMicros: Micros;
  from: Instant;
  to: Instant;
};

/**
 * What of each charge lies in the unusable time: by its share of milliseconds, rounded up, so that time which was
 * unusable as a whole costs nothing. A charge of an instant lies in it or not.
 */
export function unusableShare(
  { paidMicros, from, to }: Pick<Part, 'paidMicros' | 'from' | 'to'>,
  window: UnusableWindow,
): Micros {
  if (paidMicros <= 0n) return 0n;
  if (from === to) return from >= window.from && from < window.to ? paidMicros : 0n;
  const overlapMs = Math.min(to, window.to) - Math.max(from, window.from);
  return overlapMs <= 0 ? 0n : mulDivCeil(paidMicros, BigInt(overlapMs), BigInt(to - from));
}

/** One credit for each bill line, of what the line has left, and every charge that was looked at. */
export function decideCredits(
  window: UnusableWindow,
  charges: readonly Part[],
  leftOfLine: ReadonlyMap<string, Micros>,
  ctx: { now: Instant; newId: (prefix: string) => string },
): { credits: Credit[]; looked: CreditedCharge[] } {
  const credits = new Map<string, Credit>();
  const looked = charges.map((charge): CreditedCharge => {
    const { chargeId, billLineId, tenant } = charge;
    const before = credits.get(billLineId);
    const left = (leftOfLine.get(billLineId) ?? 0n) - (before?.amountMicros ?? 0n);
    const share = unusableShare(charge, window);
    const amountMicros = share < left ? share : left;
    if (amountMicros <= 0n) return { chargeId, amountMicros: 0n };
    const credit = before ?? {
      id: ctx.newId('crd'),
      tenant,
      source: window.source,
      reason: window.reason,
      billLineId,
      amountMicros: 0n,
      currency: CURRENCY,
      unusableFrom: window.from,
      unusableTo: window.to,
      createdAt: ctx.now,
    };
    credits.set(billLineId, { ...credit, amountMicros: credit.amountMicros + amountMicros });
    return { chargeId, creditId: credit.id, amountMicros };
  });
  return { credits: [...credits.values()], looked };
}
