import type { Budget, BudgetCounter } from '../domain/budget/budget.ts';
import type { Hold } from '../domain/hold/hold.ts';
import type { Transfer } from '../domain/ledger/transfer.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import type { Price } from '../domain/price/price.ts';
import type { BillLine } from '../domain/rating/bill-line.ts';
import type { Charge } from '../domain/rating/charge.ts';
import type { ParkReason, Usage } from '../domain/rating/usage.ts';
import type { BillingEvent } from '../app/ports.ts';
import { emptyRechargeState, type RechargeState } from './memory-recharges.ts';

export type StoredUsage = {
  usage: Usage;
  state: 'rated' | 'parked';
  reason?: ParkReason;
  attempts: number;
  chargeCount: number;
};
export type StoredEntry = {
  transfer: Transfer;
  accountId: string;
  sequence: bigint;
  postedMicros: bigint;
  afterMicros: bigint;
};

/** Everything that the stores keep, as plain values: a transaction works on a copy. */
export type MemoryState = RechargeState & {
  accounts: Set<string>;
  wallets: Map<string, Wallet>;
  holds: Map<string, Hold>;
  transfers: Transfer[];
  entries: StoredEntry[];
  requests: Map<string, { body: string; answer: unknown }>;
  budgets: Map<string, Budget>;
  budgetCounters: Map<string, BudgetCounter>;
  prices: Price[];
  usage: Map<string, StoredUsage>;
  charges: Charge[];
  billLines: Map<string, BillLine>;
  events: BillingEvent[];
};

export function emptyState(): MemoryState {
  return {
    accounts: new Set(['platform:revenue', 'platform:write_off', 'platform:receivable']),
    wallets: new Map(),
    holds: new Map(),
    transfers: [],
    entries: [],
    requests: new Map(),
    ...emptyRechargeState(),
    budgets: new Map(),
    budgetCounters: new Map(),
    prices: [],
    usage: new Map(),
    charges: [],
    billLines: new Map(),
    events: [],
  };
}
