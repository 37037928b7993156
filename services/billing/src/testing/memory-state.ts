import { type CommerceState, emptyCommerceState } from './memory-commerce.ts';
import { type DocumentState, emptyDocumentState } from './memory-documents.ts';
import type { Budget, BudgetCounter } from '../domain/budget/budget.ts';
import type { Hold } from '../domain/hold/hold.ts';
import { BREAKAGE, CREDIT_SOURCE, type Transfer } from '../domain/ledger/transfer.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import type { BillingEvent } from '../app/ports.ts';
import { type CreditState, emptyCreditState } from './memory-credit.ts';
import { emptyRatingMemory, type RatingMemory } from './memory-rating.ts';
import { emptyRechargeState, type RechargeState } from './memory-recharges.ts';

export type StoredEntry = {
  transfer: Transfer;
  accountId: string;
  sequence: bigint;
  postedMicros: bigint;
  afterMicros: bigint;
};

/** Everything that the stores keep, as plain values: a transaction works on a copy. */
export type MemoryState = CommerceState &
  DocumentState &
  RechargeState &
  CreditState &
  RatingMemory & {
    accounts: Set<string>;
    wallets: Map<string, Wallet>;
    holds: Map<string, Hold>;
    transfers: Transfer[];
    entries: StoredEntry[];
    requests: Map<string, { body: string; answer: unknown }>;
    budgets: Map<string, Budget>;
    budgetCounters: Map<string, BudgetCounter>;
    events: BillingEvent[];
  };

export function emptyState(): MemoryState {
  return {
    accounts: new Set([
      ...Object.values(CREDIT_SOURCE),
      BREAKAGE,
      'platform:revenue',
      'platform:write_off',
      'platform:receivable',
    ]),
    wallets: new Map(),
    holds: new Map(),
    transfers: [],
    entries: [],
    requests: new Map(),
    ...emptyCommerceState(),
    ...emptyDocumentState(),
    ...emptyRechargeState(),
    ...emptyCreditState(),
    ...emptyRatingMemory(),
    budgets: new Map(),
    budgetCounters: new Map(),
    events: [],
  };
}
