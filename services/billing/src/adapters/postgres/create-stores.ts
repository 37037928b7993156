import type { IdSource } from '@suanli/kernel';
import { type Database, sqlState, type Tx, withTransaction } from '@suanli/postgres';
import type { BillingStores, Transact } from '../../app/ports.ts';
import { documentStore } from './commerce/document-store.ts';
import { orderStore, planStore, subscriptionStore } from './commerce/plan-store.ts';
import { creditStore, refundStore } from './commerce/refund-store.ts';
import { lotStore } from './credit/lot-store.ts';
import { voucherStore } from './credit/voucher-store.ts';
import { billLineStore } from './stores/bill-line-store.ts';
import { budgetStore } from './stores/budget-store.ts';
import { commitmentStore } from './stores/commitment-store.ts';
import { eventStore } from './stores/event-store.ts';
import { fenceStore } from './stores/fence-store.ts';
import { holdStore } from './stores/hold-store.ts';
import { ledgerStore } from './stores/ledger-store.ts';
import { priceStore } from './stores/price-store.ts';
import { quoteStore } from './stores/quote-store.ts';
import { incomingPaymentStore, rechargeStore } from './recharges/recharge-store.ts';
import { requestStore } from './stores/request-store.ts';
import { standingStore } from './stores/standing-store.ts';
import { usageStore } from './stores/usage-store.ts';
import { walletStore } from './stores/wallet-store.ts';

export function createStores(tx: Tx, ids: IdSource): BillingStores {
  return {
    wallets: walletStore(tx),
    ledger: ledgerStore(tx),
    holds: holdStore(tx),
    requests: requestStore(tx),
    recharges: rechargeStore(tx),
    incomingPayments: incomingPaymentStore(tx),
    lots: lotStore(tx),
    vouchers: voucherStore(tx),
    budgets: budgetStore(tx),
    standings: standingStore(tx),
    plans: planStore(tx),
    subscriptions: subscriptionStore(tx),
    orders: orderStore(tx),
    refunds: refundStore(tx),
    credits: creditStore(tx),
    documents: documentStore(tx),
    prices: priceStore(tx),
    quotes: quoteStore(tx),
    commitments: commitmentStore(tx),
    usage: usageStore(tx),
    billLines: billLineStore(tx),
    fences: fenceStore(tx),
    events: eventStore(tx, ids),
  };
}

const UNIQUE_VIOLATION = '23505';

/** Whether a failure says that something of this key is there already. */
export function isTaken(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION;
}

/** `committed` runs after each commit, for example to wake the relay. */
export function postgresTransact(db: Database, ids: IdSource, committed: () => void): Transact {
  return async (work) => {
    const result = await withTransaction(db, (tx) => work(createStores(tx, ids)));
    committed();
    return result;
  };
}
