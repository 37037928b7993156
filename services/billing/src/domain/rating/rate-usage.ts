import { type Micros, mulDivCeil } from '@suanli/kernel';
import { decideSettled } from '../hold/decide-hold.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import {
  type BillLine,
  type Borne,
  emptyTotal,
  type Growth,
  grow,
  lineKeyOf,
  type PeriodTotal,
  totalKeyOf,
  totalKeyOfLine,
} from './bill-line.ts';
import { type Charge, type Settlement, settleInto } from './charge.ts';
import { type Delta, planUsage, type RatingState, type UsagePlan } from './plan-usage.ts';
import { unusableShare, type UnusableWindow, windowKeyOf } from '../refund/credit.ts';
import type { ParkReason, Usage } from './usage.ts';

export type RatedCharge = { charge: Charge; usage: Usage; line: BillLine };
export type Rated = {
  kind: 'rated';
  usage: Usage;
  charges: RatedCharge[];
  factId: string;
  revision: number;
  /** How much of the readings lay beyond a fence: told, and not charged. */
  refusedQuantity: bigint;
};
export type RatingResult = Rated | { kind: 'parked'; reason: ParkReason; waitsFor: string };

/**
 * Rates one usage event into the batch: all of its readings, or none. Each part grows its bill line, the difference is
 * captured from the named hold, or paid back; the last event of its source also gives back what the hold has left.
 * `revision` above 0 rates an event anew, after a fence has cut it.
 */
export function rateUsage(state: RatingState, usage: Usage, revision = 0): RatingResult {
  const plan = planUsage(state, usage, revision > 0);
  if (plan.kind === 'parked') {
    if (plan.reason === 'beyond_fence') releaseAfterLast(state.batch, usage);
    return plan;
  }
  const growths = growAll(state, usage, plan);
  if (growths === undefined) return { kind: 'parked', reason: 'quantity_out_of_range', waitsFor: '' };
  const charges = growths.map((one) => chargeGrowth(state, usage, { ...one, factId: plan.factId, revision }));
  state.facts.rated(
    { usage, state: 'rated', factId: plan.factId, revision },
    charges.map((one) => one.charge),
  );
  releaseAfterLast(state.batch, usage);
  const { factId, refusedQuantity } = plan;
  return { kind: 'rated', usage, charges, factId, revision, refusedQuantity };
}

type Grown = { delta: Delta; growth: Growth };

/** Every line and total after the event, in memory only; undefined when one of them cannot be. */
function growAll(
  state: RatingState,
  usage: Usage,
  { deltas }: Extract<UsagePlan, { kind: 'planned' }>,
): Grown[] | undefined {
  const lines = new Map<string, BillLine>();
  const totals = new Map<string, PeriodTotal>();
  const grown: Grown[] = [];
  for (const delta of deltas) {
    const lineKey = lineKeyOf(delta.line);
    const line = lines.get(lineKey) ?? delta.line;
    const totalKey = totalKeyOfLine(line);
    const total =
      totalKey === undefined ? undefined : (totals.get(totalKey) ?? state.totals.get(totalKey) ?? emptyTotal(line));
    const { quantity, from, to, price } = delta;
    const growth = grow({ line, total, price }, { quantity, from, to, holdId: usage.holdId }, state.batch.now);
    if (growth === undefined) return undefined;
    const named = growth.line.id === '' ? { ...growth.line, id: state.batch.newId('bil') } : growth.line;
    lines.set(lineKey, named);
    if (growth.total !== undefined) totals.set(totalKeyOf(growth.total), growth.total);
    grown.push({ delta, growth: { ...growth, line: named } });
  }
  return grown;
}

function chargeGrowth(
  state: RatingState,
  usage: Usage,
  { delta, growth, factId, revision }: Grown & { factId: string; revision: number },
): RatedCharge {
  const { batch } = state;
  const settlement = pay(state, usage, { delta, growth });
  const line = { ...growth.line, ...borneAfter(lineNow(state, growth.line), settlement) };
  state.lines.set(lineKeyOf(line), line);
  state.prices.set(delta.price.id, delta.price);
  if (growth.total !== undefined) {
    const borne = borneAfter(totalNow(state, growth.total), settlement);
    state.totals.set(totalKeyOf(growth.total), { ...growth.total, ...borne });
  }
  const charge: Charge = {
    id: batch.newId('chg'),
    usageId: usage.usageId,
    factId,
    revision,
    billLineId: line.id,
    meter: line.meter,
    quantity: delta.quantity,
    baseQuantity: growth.baseQuantity,
    usageFrom: delta.from,
    usageTo: delta.to,
    day: delta.day,
    amountMicros: growth.addedMicros,
    ...settlement,
    createdAt: batch.now,
  };
  return { charge, usage, line };
}

/** Moves the money of one charge, either way. Of a shared total, what the account paid for all of it can come back. */
function pay(state: RatingState, usage: Usage, { delta, growth }: Grown): Settlement {
  const { line, total, addedMicros } = growth;
  const { accountId } = usage.tenant;
  const scope = { product: usage.source.kind, item: usage.item, region: usage.region };
  const before = total === undefined ? lineNow(state, line) : totalNow(state, total);
  const settlement = settleInto(state.batch, addedMicros, {
    accountId,
    holdId: usage.holdId,
    scope,
    lineId: line.id,
    paid: {
      ...before,
      amountMicros: (total ?? line).amountMicros - addedMicros,
      references: addedMicros < 0n ? paidFor(state, line, total) : [],
      voidCreditMicros: voidCreditMicros(delta, state.windows.get(windowKeyOf(usage.source))),
    },
  });
  const { heldMicros, walletMicros, writtenOffMicros: unpaidMicros } = settlement;
  const spend = { spender: { tenant: usage.tenant, scope }, amountMicros: heldMicros + walletMicros, unpaidMicros };
  state.batch.apply({ transfers: [], spend });
  return settlement;
}

/** What credits gave back of usage that is no longer charged: by the rule by which they were given. */
export function voidCreditMicros({ quantity, charged, from, to }: Delta, window: UnusableWindow | undefined): Micros {
  if (charged === undefined || quantity >= 0n || charged.creditedMicros <= 0n) return 0n;
  const leftQuantity = charged.quantity + quantity;
  const isGone = window === undefined || leftQuantity <= 0n || charged.ownMicros <= 0n;
  if (isGone) return charged.creditedMicros;
  const leftMicros = mulDivCeil(charged.ownMicros, leftQuantity, charged.quantity);
  const dueMicros = unusableShare({ ownMicros: leftMicros, from, to }, window);
  return dueMicros < charged.creditedMicros ? charged.creditedMicros - dueMicros : 0n;
}

/** What was paid for an amount: one line, or all that share the total, in this batch or before it. */
function paidFor(state: RatingState, line: BillLine, total: PeriodTotal | undefined): string[] {
  if (total === undefined) return [line.id];
  const key = totalKeyOf(total);
  const sharing = [...state.lines.values()].filter((one) => totalKeyOfLine(one) === key).map((one) => one.id);
  return [...new Set([key, line.id, ...sharing])];
}

function borneAfter(before: Borne, { writtenOffMicros, refundedMicros, creditedMicros }: Settlement) {
  return {
    writtenOffMicros: before.writtenOffMicros + writtenOffMicros,
    refundedMicros: before.refundedMicros + refundedMicros,
    creditedMicros: before.creditedMicros + creditedMicros,
  };
}

function totalNow(state: RatingState, total: PeriodTotal): PeriodTotal {
  return state.totals.get(totalKeyOf(total)) ?? total;
}

/** The line as charges before this one have left it: growths were made before anyone paid. */
function lineNow(state: RatingState, line: BillLine): BillLine {
  return state.lines.get(lineKeyOf(line)) ?? line;
}

function releaseAfterLast(batch: LedgerBatch, usage: Usage): void {
  const hold = usage.holdId === undefined ? undefined : batch.hold(usage.holdId);
  if (hold === undefined || !(usage.isFinal || hold.awaitsUsageId === usage.usageId)) return;
  const decision = decideSettled(hold, batch);
  if (decision.kind === 'changed') batch.apply(decision);
}
