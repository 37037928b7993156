import type { Clock, IdSource, Instant, Micros } from '@suanli/kernel';
import type { ArrearsTerms } from '../domain/arrears/standing.ts';
import type { Hold } from '../domain/hold/hold.ts';
import type { LevelChange } from '../domain/ledger/ledger-batch.ts';
import type { Seal } from '../domain/ledger/seal.ts';
import type { Transfer } from '../domain/ledger/transfer.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import type { RatedCharge } from '../domain/rating/rate-usage.ts';
import type { AccountArrearsChanged, AccountFrozenChanged, StandingStore } from './arrears/ports.ts';
import type { BudgetThresholdReached } from './budgets/budget-events.ts';
import type { BudgetStore } from './budgets/ports.ts';
import type { DocumentEvent, DocumentStore } from './documents/ports.ts';
import type { OrderStore, PlanEvent, PlanStore, SubscriptionStore } from './plans/ports.ts';
import type { CommitmentStore, PriceStore, QuoteStore } from './prices/ports.ts';
import type { BillLineStore, FenceStore, UsageStore } from './rating/ports.ts';
import type { LotEvent, LotStore } from './lots/ports.ts';
import type { BillingReads } from './read-ports.ts';
import type { IncomingPaymentStore, RechargeChannel, RechargeStore } from './recharges/ports.ts';
import type { CreditStore, RefundEvent, RefundStore } from './refunds/ports.ts';
import type { VoucherCodes, VoucherStore } from './vouchers/ports.ts';

/** What every use case is given. */
export type BillingDeps = {
  transact: Transact;
  reads: BillingReads;
  clock: Clock;
  ids: IdSource;
  policy: BillingPolicy;
  voucherCodes: VoucherCodes;
  /** Whether a failure says "not now" of a server, so that nobody's command is to blame. */
  isUnavailable(error: unknown): boolean;
  /** Whether a failure says that something of this key is there already. */
  isTaken(error: unknown): boolean;
  /** Recharge channels that exist here, by name. */
  channels: ReadonlyMap<string, RechargeChannel>;
};

export type BillingPolicy = {
  /** How long after its expiry a hold still waits for usage of the work it paid for. */
  lateUsageMs: number;
  /** Below this a wallet counts as low. */
  lowBalanceMicros: Micros;
  /** How long an account in arrears stays at each step. */
  arrears: ArrearsTerms;
};

/** Runs `work` in one transaction. It may run again after a deadlock, so it does nothing but use the stores. */
export type Transact = <T>(work: (stores: BillingStores) => Promise<T>) => Promise<T>;

/** The stores of one open transaction. */
export type BillingStores = {
  wallets: WalletStore;
  ledger: LedgerStore;
  holds: HoldStore;
  requests: RequestStore;
  recharges: RechargeStore;
  incomingPayments: IncomingPaymentStore;
  lots: LotStore;
  vouchers: VoucherStore;
  budgets: BudgetStore;
  standings: StandingStore;
  plans: PlanStore;
  subscriptions: SubscriptionStore;
  orders: OrderStore;
  refunds: RefundStore;
  credits: CreditStore;
  documents: DocumentStore;
  prices: PriceStore;
  quotes: QuoteStore;
  commitments: CommitmentStore;
  usage: UsageStore;
  billLines: BillLineStore;
  fences: FenceStore;
  events: EventStore;
};

export interface WalletStore {
  /** Opens a wallet unless the account has one; either way the account has one afterwards. */
  open(wallet: Wallet): Promise<void>;
  /** Locks the wallets of these accounts, and these wallets, until the transaction ends, in the order of their ids: no two batches deadlock. */
  lockInOrder(accountIds: readonly string[], walletIds?: readonly string[]): Promise<Wallet[]>;
  /** Remembers which level was told. Balances cannot be written: only transfers move them. */
  saveLevels(wallets: readonly Wallet[]): Promise<void>;
}

export interface LedgerStore {
  /** Books transfers in this order; entries and wallet balances follow from them in the same statement. */
  book(transfers: readonly Transfer[]): Promise<void>;
  /** Transfers of these ids, and the reversals of them. */
  find(transferIds: readonly string[]): Promise<Transfer[]>;
  /** Which of these accounts exist, of the platform or wallets. */
  knownAccounts(accountIds: readonly string[]): Promise<string[]>;
  /** Makes an account of the platform unless it is there. */
  openPlatformAccount(accountId: string, kind: 'clearing', now: Instant): Promise<void>;
}

export interface HoldStore {
  find(holdIds: readonly string[]): Promise<Hold[]>;
  save(holds: readonly Hold[]): Promise<void>;
  /** Unresolved holds whose release time has come, oldest first. Not locked. */
  findDue(now: Instant, limit: number): Promise<Hold[]>;
}

/** `repeated`: the same request stands earlier in the same batch and answers for this one. */
export type Claim<A> = { kind: 'new' } | { kind: 'replayed'; answer: A } | { kind: 'repeated' } | { kind: 'conflict' };

export interface RequestStore {
  /** Claims request ids, in the order given back; a concurrent claim of the same id waits for this transaction. */
  claim<A>(scope: string, requests: readonly { requestId: string; body: unknown }[]): Promise<Claim<A>[]>;
  remember(scope: string, answers: readonly { requestId: string; answer: unknown }[]): Promise<void>;
  /** Frees the ids of refused commands: a refusal changes nothing, so the same command may succeed later. */
  forget(scope: string, requestIds: readonly string[]): Promise<void>;
}

export type BillingEvent =
  | { kind: 'transfers_booked'; transfers: readonly Transfer[] }
  | { kind: 'ledger_sealed'; seal: Seal }
  | { kind: 'hold_ended'; hold: Hold }
  | LotEvent
  | PlanEvent
  | RefundEvent
  | DocumentEvent
  | BudgetThresholdReached
  | AccountArrearsChanged
  | AccountFrozenChanged
  | ({ kind: 'wallet_level_changed' } & LevelChange)
  | ({ kind: 'charge_rated' } & RatedCharge);

export interface EventStore {
  append(events: readonly BillingEvent[], now: Instant): Promise<void>;
}
