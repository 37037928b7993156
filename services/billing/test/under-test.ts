import { invariant, systemIds } from '@suanli/kernel';
import { SimClock, testDatabase } from '@suanli/test-kit';
import { isUnavailable, outbox } from '@suanli/postgres';
import { type AuditReport, auditLedger } from '../src/adapters/postgres/audit-ledger.ts';
import { isTaken, postgresTransact } from '../src/adapters/postgres/create-stores.ts';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { postgresReads } from '../src/adapters/postgres/reads.ts';
import { voucherCodes } from '../src/adapters/voucher-codes.ts';
import type { BillingDeps } from '../src/app/ports.ts';
import { publishPrices } from '../src/app/prices/publish-prices.ts';
import { amountOf } from '../src/domain/price/price-model.ts';
import { type BillLine, type PeriodTotal, totalKeyOfLine } from '../src/domain/rating/bill-line.ts';
import { shareLeftMicros } from '../src/domain/hold/lot-share.ts';
import { legsOf } from '../src/domain/ledger/transfer.ts';
import { freeCashMicros } from '../src/domain/ledger/wallet.ts';
import { remainingMicros } from '../src/domain/hold/hold.ts';
import { NOW, ODD_PRICE } from '../src/testing/builders.ts';
import { countingIds, memoryBilling, TEST_CHANNELS, TEST_POLICY } from '../src/testing/memory-billing.ts';
import type { MemoryState } from '../src/testing/memory-state.ts';

/** Billing as a suite sees it, whatever keeps its rows. */
export type BillingUnderTest = AsyncDisposable & {
  deps: BillingDeps;
  clock: SimClock;
  /** Refolds everything; throws when a promise is broken. */
  audit(): Promise<void>;
  /** Subjects or kinds of the facts told so far, in order; but for the transfers themselves. */
  told(): Promise<string[]>;
};

export async function billingInMemory(): Promise<BillingUnderTest> {
  const clock = new SimClock(NOW);
  const { deps, state } = memoryBilling(clock);
  await publishPrices(deps, [ODD_PRICE]);
  return {
    deps,
    clock,
    audit: async () => auditMemory(state()),
    told: async () =>
      state()
        .events.filter((event) => event.kind !== 'transfers_booked')
        .map((event) => (event.kind === 'wallet_level_changed' ? event.change : event.kind)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

export type BillingOnPostgres = BillingUnderTest & { adminUrl: string; url: string; report(): Promise<AuditReport> };

export async function billingOnPostgres(): Promise<BillingOnPostgres> {
  const database = await testDatabase({ service: 'billing', migrationsFolder: MIGRATIONS_FOLDER, maxConnections: 20 });
  const { db } = database;
  const clock = new SimClock(NOW);
  const deps: BillingDeps = {
    transact: postgresTransact(db, systemIds, () => undefined),
    reads: postgresReads(db),
    isUnavailable,
    isTaken,
    clock,
    ids: countingIds(clock),
    policy: TEST_POLICY,
    voucherCodes,
    channels: TEST_CHANNELS,
  };
  await publishPrices(deps, [ODD_PRICE]);
  const report = () => auditLedger(db, clock.now());
  return {
    deps,
    clock,
    url: database.url,
    adminUrl: database.adminUrl,
    report,
    async audit() {
      const { driftMicros, broken } = await report();
      invariant(driftMicros === '0' && Object.keys(broken).length === 0, JSON.stringify({ driftMicros, broken }));
    },
    async told() {
      const rows = await db.select({ subject: outbox.subject }).from(outbox).orderBy(outbox.position);
      const kinds = rows.map((row) => KIND_OF_SUBJECT[row.subject.split('.').slice(2, 4).join('.')] ?? row.subject);
      return kinds.filter((kind) => kind !== 'transfers_booked');
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const KIND_OF_SUBJECT: Record<string, string> = {
  'charge.rated': 'charge_rated',
  'hold.closed': 'hold_ended',
  'hold.expired': 'hold_ended',
  'reservation.purchased': 'reservation_purchased',
  'reservation.ended': 'reservation_ended',
  'wallet.ran_low': 'ran_low',
  'wallet.exhausted': 'exhausted',
  'wallet.restored': 'restored',
  'transfer.booked': 'transfers_booked',
  'lot.expired': 'lot_expired',
  'lot.expiring': 'lot_expiring',
  'budget.threshold_reached': 'budget_threshold_reached',
  'account.arrears_changed': 'account_arrears_changed',
  'account.frozen': 'account_frozen',
  'account.unfrozen': 'account_unfrozen',
};

function auditMemory(state: MemoryState): void {
  for (const transfer of state.transfers) {
    const legs = legsOf(transfer);
    const sum = legs.reduce((total, leg) => total + leg.postedMicros + leg.pendingMicros, 0n);
    invariant(sum === 0n, `transfer ${transfer.id} sums to ${sum}`);
  }
  for (const wallet of state.wallets.values()) {
    const legs = state.transfers.flatMap(legsOf).filter((leg) => leg.accountId === wallet.id);
    const held = [...state.holds.values()].filter((hold) => hold.walletId === wallet.id);
    invariant(wallet.postedMicros === sumOf(legs.map((leg) => leg.postedMicros)), 'posted is the fold of the legs');
    invariant(wallet.pendingMicros === -sumOf(legs.map((leg) => leg.pendingMicros)), 'pending is the fold of the legs');
    invariant(wallet.pendingMicros === sumOf(held.map(remainingMicros)), 'pending is what the holds have left');
    invariant(wallet.postedMicros - wallet.pendingMicros >= -wallet.overdraftMicros, 'the floor holds');
    invariant(freeCashMicros(wallet) >= 0n, 'so does that of cash');
    const lots = [...state.lots.values()].filter((lot) => lot.walletId === wallet.id);
    invariant(wallet.lotRemainingMicros === sumOf(lots.map((lot) => lot.remainingMicros)), 'credit is the sum of lots');
    invariant(wallet.lotReservedMicros === sumOf(lots.map((lot) => lot.reservedMicros)), 'and so is what is reserved');
    invariant(wallet.lotCount === lots.length, 'and so is their number');
    for (const lot of lots) {
      const kept = held.flatMap((hold) => hold.lotShares ?? []).filter((share) => share.lotId === lot.id);
      invariant(lot.reservedMicros === sumOf(kept.map(shareLeftMicros)), 'a lot reserves what holds have of it');
    }
  }
  for (const line of state.billLines.values()) {
    const charges = state.charges.filter((charge) => charge.billLineId === line.id);
    const price = state.prices.find((one) => one.id === line.priceId);
    invariant(price !== undefined, 'a line has its price');
    const { quantity, amountMicros } = line.period === '' ? line : totalOf(state, line);
    invariant(amountMicros === amountOf(price, quantity, line.discountBasisPoints), 'priced once');
    invariant(line.amountMicros === sumOf(charges.map((charge) => charge.amountMicros)), 'the sum of its charges');
    invariant(line.quantity === sumOf(charges.map((charge) => charge.quantity)), 'the sum of its readings');
  }
}

/** What a line shares with others under a price of the whole month: all of them together are priced once. */
function totalOf(state: MemoryState, line: BillLine): PeriodTotal {
  const key = totalKeyOfLine(line) ?? '';
  const total = state.totals.get(key);
  const sharing = [...state.billLines.values()].filter((one) => totalKeyOfLine(one) === key);
  invariant(total !== undefined, 'a line of a month has its total');
  invariant(total.quantity === sumOf(sharing.map((one) => one.quantity)), 'the total is that of its lines');
  invariant(total.amountMicros === sumOf(sharing.map((one) => one.amountMicros)), 'and so is its amount');
  invariant(total.writtenOffMicros === sumOf(sharing.map((one) => one.writtenOffMicros)), 'and what the platform bore');
  return total;
}

function sumOf(values: bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
