import { type Instant, type TenantPath, toRfc3339 } from '@suanli/kernel';
import type { Price } from '../domain/workload/attempt.ts';

/** A hold in words of billing; `requestId` makes it idempotent. */
export type PlaceHold = {
  requestId: string;
  tenant: TenantPath;
  amountMicros: bigint;
  expiresAt: Instant;
  workloadId: string;
  epoch: number;
  /** What it is spent on: budgets and credit may be for one SKU or region. */
  sku: string;
  region: string;
};
export type ExtendHold = { requestId: string; holdId: string; amountMicros: bigint; expiresAt: Instant };
export type CloseHold = { requestId: string; holdId: string; finalUsageId: string };

export type HoldResult =
  | { kind: 'held'; holdId: string }
  | { kind: 'refused'; reason: string; missingMicros: bigint /** For `budget_exceeded`. */; budget?: BudgetShortfall };
export type BudgetShortfall = { budgetId: string; window: string; resetsAt?: Instant };

/** Which budget has no room, and when there is some again, for a person and a program. */
export function budgetDetails({ budgetId, window, resetsAt }: BudgetShortfall): Record<string, string> {
  const resets = resetsAt === undefined ? {} : { resets_at: toRfc3339(resetsAt) };
  return { budget_id: budgetId, window, ...resets };
}

/** Money. Results are in the order of the commands; throws when billing cannot answer. */
export interface Billing {
  placeHolds(commands: readonly PlaceHold[], options?: { isDryRun: boolean }): Promise<HoldResult[]>;
  extendHolds(commands: readonly ExtendHold[]): Promise<HoldResult[]>;
  closeHolds(commands: readonly CloseHold[]): Promise<HoldResult[]>;
}

/** What billing promises to charge. */
export type PromisedQuote = { quoteId: string; validUntil: Instant; holdMicros: bigint; expectedMicros: bigint };
export type QuoteAsk = {
  tenant: TenantPath;
  lines: readonly { meter: string; region: string; item: string; quantity: bigint }[];
  holdMicros: bigint;
  expectedMicros: bigint;
};
export type QuoteRefusal = 'QUOTE_NOT_FOUND' | 'QUOTE_OF_OTHER_TENANT' | 'QUOTE_EXPIRED';

/** Prices that are kept for a while. */
export interface Quotes {
  create(ask: QuoteAsk): Promise<PromisedQuote>;
  /** Undefined when a job may be submitted under the quote now. */
  check(tenant: TenantPath, quoteId: string): Promise<QuoteRefusal | undefined>;
}

export type PriceLookup = (region: string, sku: string) => Price | undefined;

/** What compute costs now; may lag behind the book by seconds. */
export interface PriceList {
  /** Throws when nothing is known yet and billing cannot answer. */
  load(items: readonly { region: string; sku: string }[]): Promise<PriceLookup>;
}

/** Keys that belong to one attempt of one job. Idempotent by (workload, epoch). */
export interface JobKeys {
  issue(key: { tenant: TenantPath; workloadId: string; epoch: number; expiresAt: Instant }): Promise<string>;
  revoke(key: { workloadId: string; epoch: number }): Promise<void>;
}

export type ResolvedRevision =
  | { kind: 'resolved'; repositoryId: string; revision: string }
  | { kind: 'refused'; message: string };

/** The model hub: what a name such as `main` stands for now, for this tenant. */
export interface Revisions {
  resolve(tenant: TenantPath, repositoryId: string, revision: string): Promise<ResolvedRevision>;
}

/** Shortens waits; losing one costs at most a tick. */
export interface Wakes {
  /** Something was committed: events to publish, perhaps a cycle to run. */
  committed(): void;
  /** Asks the agent of a cluster to sync at once. */
  agent(clusterId: string): void;
  /** New bytes in a job's log. */
  logs(workloadId: string): void;
}

/** Ends when the named thing may have changed, or after a second, or when `signal` aborts. */
export type WaitForChange = (workloadId: string, signal: AbortSignal) => Promise<void>;
