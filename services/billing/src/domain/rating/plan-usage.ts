import { type Instant, invariant } from '@suanli/kernel';
import type { Day, Zone } from '../calendar/calendar.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import type { Price } from '../price/price.ts';
import type { Quote } from '../price/quote.ts';
import type { Book } from '../price/rate.ts';
import type { UnusableWindow } from '../refund/credit.ts';
import { type BillLine, emptyLine, lineKeyOf, type PeriodTotal } from './bill-line.ts';
import type { ChargedPart, Facts, KnownUsage } from './facts.ts';
import { billableTo, fenceKeyOfUsage, isBeyond } from './fence.ts';
import { quantityAfter, segmentsOf } from './segments.ts';
import { mergedReadings, type ParkReason, type Usage, waitFor } from './usage.ts';

/** Everything that rating looks at and changes, of one batch of events whose wallets are locked. */
export type RatingState = {
  batch: LedgerBatch;
  book: Book;
  /** Prices of lines that corrections go back to, by id; whether or not the book still has them. */
  prices: Map<string, Price>;
  quotes: ReadonlyMap<string, Quote>;
  /** By `fenceKeyOf`. */
  fences: ReadonlyMap<string, Instant>;
  facts: Facts;
  /** By `lineKeyOf`. */
  lines: Map<string, BillLine>;
  /** By `totalKeyOf`. */
  totals: Map<string, PeriodTotal>;
  /** Time that could not be used, of what credits have given something back for; by `windowKeyOf`. */
  windows: ReadonlyMap<string, UnusableWindow>;
  zone: Zone;
};

/** What a line is to count more of one day; less where the quantity is negative. */
export type Delta = {
  line: BillLine;
  price: Price;
  day: Day;
  quantity: bigint;
  from: Instant;
  to: Instant;
  /** What is charged of it now; absent when nothing is. */
  charged?: ChargedPart;
};

export type UsagePlan =
  | { kind: 'planned'; factId: string; deltas: Delta[]; refusedQuantity: bigint }
  | { kind: 'parked'; reason: ParkReason; waitsFor: string };

/**
 * What a usage event changes: everything that its window says, less what is charged of the same fact already. An event
 * that corrects none has nothing charged yet, so one rule serves both.
 */
export function planUsage(state: RatingState, usage: Usage, isRevision: boolean): UsagePlan {
  const refusal = findPayer(state.batch, usage) ?? findQuote(state, usage);
  if (refusal !== undefined) return refusal;
  const fact = findFact(state.facts, usage, isRevision);
  if (fact.kind === 'parked') return fact;
  const fencedAt = state.fences.get(fenceKeyOfUsage(usage));
  const isAllBeyond = isBeyond(usage, fencedAt);
  const changesFact = isRevision || usage.correctsUsageId !== undefined;
  if (isAllBeyond && !changesFact) return parked('beyond_fence');
  const until = billableTo(usage, fencedAt);
  const quote = usage.quoteId === undefined ? undefined : state.quotes.get(usage.quoteId);
  const cut = isAllBeyond ? nothing : segmentsOf(usage, { book: state.book, quote, zone: state.zone, until });
  if (cut.kind === 'unpriced') return parked('price_not_found', waitFor.price(cut.meter));
  if (cut.kind !== 'segmented') return parked(cut.kind);
  const wanted = cut.segments.map(({ rate, day, quantity, from, to }): Delta => {
    const line = lineOf(state, emptyLine(usage, { rate, from }, { id: '', now: state.batch.now, zone: state.zone }));
    return { line, price: rate.price, day, quantity, from, to };
  });
  const deltas = differences(wanted, chargedNow(state, fact.factId));
  const readings = mergedReadings(usage.readings);
  const refusedQuantity = readings.reduce(
    (sum, reading) => sum + (isAllBeyond ? reading.quantity : quantityAfter(usage, reading, until)),
    0n,
  );
  return { kind: 'planned', factId: fact.factId, deltas, refusedQuantity };
}

const nothing = { kind: 'segmented' as const, segments: [] };

/** Undefined when a wallet can pay; a hold that is named must exist and belong to the same account. */
function findPayer(batch: LedgerBatch, usage: Usage): UsagePlan | undefined {
  const { accountId } = usage.tenant;
  if (usage.holdId !== undefined) {
    const hold = batch.hold(usage.holdId);
    if (hold === undefined) return parked('hold_not_found', waitFor.hold(usage.holdId));
    if (hold.tenant.accountId !== accountId) return parked('hold_of_other_tenant');
  }
  return batch.walletOf(accountId) === undefined ? parked('wallet_not_found', waitFor.wallet(accountId)) : undefined;
}

function findQuote({ quotes }: RatingState, { quoteId, tenant }: Usage): UsagePlan | undefined {
  if (quoteId === undefined) return undefined;
  const quote = quotes.get(quoteId);
  if (quote === undefined) return parked('quote_not_found', waitFor.quote(quoteId));
  return quote.tenant.accountId === tenant.accountId ? undefined : parked('quote_of_other_tenant');
}

type FactFound = { kind: 'found'; factId: string } | Extract<UsagePlan, { kind: 'parked' }>;

function findFact(facts: Facts, usage: Usage, isRevision: boolean): FactFound {
  if (isRevision) return { kind: 'found', factId: facts.find(usage.usageId)?.factId ?? usage.usageId };
  if (usage.correctsUsageId === undefined) return { kind: 'found', factId: usage.usageId };
  const original = facts.find(usage.correctsUsageId);
  if (original === undefined) return parked('original_not_found', waitFor.usage(usage.correctsUsageId));
  if (!tellsOfTheSame(original, usage)) return parked('correction_of_other_fact');
  if (original.state === 'parked') return parked('original_not_found', waitFor.usage(usage.correctsUsageId));
  if (original.supersededBy !== undefined && original.supersededBy !== usage.usageId)
    return parked('already_corrected');
  return { kind: 'found', factId: original.factId };
}

function tellsOfTheSame({ usage }: KnownUsage, other: Usage): boolean {
  return (
    usage.usageId !== other.usageId &&
    usage.tenant.accountId === other.tenant.accountId &&
    usage.source.kind === other.source.kind &&
    usage.source.id === other.source.id
  );
}

function chargedNow(state: RatingState, factId: string): Delta[] {
  const byId = new Map<string, BillLine>();
  const charged = state.facts.charged(factId);
  if (charged.length > 0) for (const line of state.lines.values()) byId.set(line.id, line);
  return charged.map((part) => {
    const { billLineId, day, quantity, from, to } = part;
    const line = byId.get(billLineId);
    const price = line && state.prices.get(line.priceId);
    invariant(
      line !== undefined && price !== undefined,
      `line ${billLineId} of fact ${factId} was read with its price`,
    );
    return { line, price, day, quantity, from, to, charged: part };
  });
}

/** What to add to get from what is charged to what is wanted. Money goes back first, so that it can pay for the rest. */
function differences(wanted: readonly Delta[], charged: readonly Delta[]): Delta[] {
  const net = new Map<string, Delta>();
  const keyOf = ({ line, day }: Delta) => `${day} ${lineKeyOf(line)}`;
  for (const delta of charged) net.set(keyOf(delta), { ...delta, quantity: -delta.quantity });
  for (const delta of wanted) {
    const before = net.get(keyOf(delta));
    net.set(
      keyOf(delta),
      before === undefined ? delta : { ...before, ...delta, quantity: before.quantity + delta.quantity },
    );
  }
  const deltas = [...net.values()].filter((delta) => delta.quantity !== 0n);
  return [...deltas.filter((delta) => delta.quantity < 0n), ...deltas.filter((delta) => delta.quantity > 0n)];
}

function lineOf(state: RatingState, empty: BillLine): BillLine {
  return state.lines.get(lineKeyOf(empty)) ?? empty;
}

function parked(reason: ParkReason, waitsFor: string = waitFor.nothing): Extract<UsagePlan, { kind: 'parked' }> {
  return { kind: 'parked', reason, waitsFor };
}
