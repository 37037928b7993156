import { CURRENCY, type Instant, type Micros, mulDivCeil, type TenantPath } from '@suanli/kernel';
import type { Day } from '../calendar/calendar.ts';
import type { PaidLines } from './paid-lines.ts';

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

/** A charge as a credit looks at it. */
export type ChargeOfWindow = {
  chargeId: string;
  /** With line and day: what the charge was made of. Corrections are of the same. */
  factId: string;
  day: Day;
  billLineId: string;
  tenant: TenantPath;
  /** What it costs the customer; below zero where a correction takes away. */
  ownMicros: Micros;
  from: Instant;
  to: Instant;
};

export function windowKeyOf({ id, epoch }: { id: string; epoch: number }): string {
  return `${id}/${epoch}`;
}

/**
 * What of each charge lies in the unusable time: by its share of milliseconds, rounded up, so that time which was
 * unusable as a whole costs nothing. A charge of an instant lies in it or not.
 */
export function unusableShare(
  { ownMicros, from, to }: Pick<ChargeOfWindow, 'ownMicros' | 'from' | 'to'>,
  window: UnusableWindow,
): Micros {
  if (ownMicros <= 0n) return 0n;
  if (from === to) return from >= window.from && from < window.to ? ownMicros : 0n;
  const overlapMs = Math.min(to, window.to) - Math.max(from, window.from);
  return overlapMs <= 0 ? 0n : mulDivCeil(ownMicros, BigInt(overlapMs), BigInt(to - from));
}

/**
 * One credit for each bill line, of what the line has left, and every charge that was looked at. A charge and its
 * corrections count together: what was taken back is not given back. `lines` learn what they give.
 */
export function decideCredits(
  window: UnusableWindow,
  charges: readonly ChargeOfWindow[],
  lines: PaidLines,
  ctx: { now: Instant; newId: (prefix: string) => string },
): { credits: Credit[]; looked: CreditedCharge[] } {
  const credits = new Map<string, Credit>();
  const looked: CreditedCharge[] = [];
  for (const part of partsOf(charges)) {
    const [{ billLineId, tenant }] = part;
    const amountMicros = creditOf(part, window, lines.leftMicros(billLineId));
    if (amountMicros === 0n) {
      looked.push(...part.map(({ chargeId }) => ({ chargeId, amountMicros: 0n })));
      continue;
    }
    lines.returned(billLineId, 'credit', amountMicros);
    const credit = credits.get(billLineId) ?? emptyCredit(window, { billLineId, tenant }, ctx);
    credits.set(billLineId, { ...credit, amountMicros: credit.amountMicros + amountMicros });
    looked.push(...sharesOf(part, credit.id, amountMicros));
  }
  return { credits: [...credits.values()], looked };
}

type Part = [ChargeOfWindow, ...ChargeOfWindow[]];

function partsOf(charges: readonly ChargeOfWindow[]): Part[] {
  const parts = new Map<string, Part>();
  for (const charge of charges) {
    const key = JSON.stringify([charge.factId, charge.billLineId, charge.day]);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [charge]);
    else part.push(charge);
  }
  return [...parts.values()];
}

/** The last telling says which time it was. */
function creditOf(part: Part, window: UnusableWindow, leftMicros: Micros): Micros {
  const ownMicros = part.reduce((sum, charge) => sum + charge.ownMicros, 0n);
  const { from, to } = part.at(-1) ?? part[0];
  const share = unusableShare({ ownMicros, from, to }, window);
  const amountMicros = share < leftMicros ? share : leftMicros;
  return amountMicros > 0n ? amountMicros : 0n;
}

/** Of no charge more than was paid of it. */
function sharesOf(part: Part, creditId: string, amountMicros: Micros): CreditedCharge[] {
  let rest = amountMicros;
  return part.map(({ chargeId, ownMicros }) => {
    const share = ownMicros < rest ? ownMicros : rest;
    if (share <= 0n) return { chargeId, amountMicros: 0n };
    rest -= share;
    return { chargeId, creditId, amountMicros: share };
  });
}

function emptyCredit(
  { source, reason, from, to }: UnusableWindow,
  { billLineId, tenant }: Pick<Credit, 'billLineId' | 'tenant'>,
  ctx: { now: Instant; newId: (prefix: string) => string },
): Credit {
  return {
    id: ctx.newId('crd'),
    tenant,
    source,
    reason,
    billLineId,
    amountMicros: 0n,
    currency: CURRENCY,
    unusableFrom: from,
    unusableTo: to,
    createdAt: ctx.now,
  };
}
