import { invariant } from '@suanli/kernel';
import { decideSettled } from '../hold/decide-hold.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import { findPrice, type Price } from '../price/price.ts';
import { addReading, type BillLine, emptyLine, lineKey } from './bill-line.ts';
import { type Charge, chargeTransfers, settle } from './charge.ts';
import { type MeterReading, mergedReadings, type ParkReason, type Usage } from './usage.ts';

/** The bill lines that a batch knows and changes, by `lineKey`. */
export type BillLines = Map<string, BillLine>;

export type RatedCharge = { charge: Charge; usage: Usage; line: BillLine };
export type RatingResult = { kind: 'rated'; charges: RatedCharge[] } | { kind: 'parked'; reason: ParkReason };

type PricedReading = { reading: MeterReading; price: Price };

/**
 * Rates one usage event into the batch: all of its readings, or none. Each reading grows its bill line, the difference
 * is captured from the named hold; the last event of its source also gives back what the hold has left.
 */
export function rateUsage(batch: LedgerBatch, book: readonly Price[], lines: BillLines, usage: Usage): RatingResult {
  const payable = findPayer(batch, usage);
  if (payable !== undefined) return { kind: 'parked', reason: payable };
  const priced: PricedReading[] = [];
  for (const reading of mergedReadings(usage.readings)) {
    const price = findPrice(book, { meter: reading.meter, region: usage.region, item: usage.item }, usage.from);
    if (price === undefined) return { kind: 'parked', reason: 'price_not_found' };
    const line = lines.get(lineKey(usage, reading.meter, price.id)) ?? emptyLine(usage, price, { id: '', now: 0 });
    if (addReading(line, usage, reading, batch.now) === undefined)
      return { kind: 'parked', reason: 'quantity_out_of_range' };
    priced.push({ reading, price });
  }
  const charges = priced.map((one) => chargeReading(batch, lines, usage, one));
  releaseAfterLast(batch, usage);
  return { kind: 'rated', charges };
}

/** Undefined when a wallet can pay; a hold that is named must exist and belong to the same account. */
function findPayer(batch: LedgerBatch, usage: Usage): ParkReason | undefined {
  if (usage.holdId !== undefined) {
    const hold = batch.hold(usage.holdId);
    if (hold === undefined) return 'hold_not_found';
    if (hold.tenant.accountId !== usage.tenant.accountId) return 'hold_of_other_tenant';
  }
  return batch.walletOf(usage.tenant.accountId) === undefined ? 'wallet_not_found' : undefined;
}

function chargeReading(
  batch: LedgerBatch,
  lines: BillLines,
  usage: Usage,
  { reading, price }: PricedReading,
): RatedCharge {
  const key = lineKey(usage, reading.meter, price.id);
  const known = lines.get(key) ?? emptyLine(usage, price, { id: batch.newId('bil'), now: batch.now });
  const grown = addReading(known, usage, reading, batch.now);
  const wallet = batch.walletOf(usage.tenant.accountId);
  invariant(grown !== undefined && wallet !== undefined, `usage ${usage.usageId} was found ratable`);
  const hold = usage.holdId === undefined ? undefined : batch.hold(usage.holdId);
  const settlement = settle(grown.addedMicros, wallet, hold);
  const line = { ...grown.line, writtenOffMicros: grown.line.writtenOffMicros + settlement.writtenOffMicros };
  lines.set(key, line);
  const transfers = chargeTransfers(settlement, { wallet, hold, billLineId: line.id }, batch);
  const captured = hold !== undefined && settlement.heldMicros > 0n;
  batch.apply({
    transfers,
    ...(captured && {
      hold: { ...hold, capturedMicros: hold.capturedMicros + settlement.heldMicros, version: hold.version + 1n },
    }),
  });
  const charge: Charge = {
    id: batch.newId('chg'),
    usageId: usage.usageId,
    billLineId: line.id,
    meter: reading.meter,
    quantity: reading.quantity,
    amountMicros: grown.addedMicros,
    ...settlement,
    createdAt: batch.now,
  };
  return { charge, usage, line };
}

function releaseAfterLast(batch: LedgerBatch, usage: Usage): void {
  const hold = usage.holdId === undefined ? undefined : batch.hold(usage.holdId);
  if (hold === undefined || !(usage.isFinal || hold.awaitsUsageId === usage.usageId)) return;
  const decision = decideSettled(hold, batch);
  if (decision.kind === 'changed') batch.apply(decision);
}
