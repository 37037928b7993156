import type { Instant } from '@suanli/kernel';
import type { Month } from '../../domain/calendar/calendar.ts';
import type { BillLine, PeriodTotal } from '../../domain/rating/bill-line.ts';
import type { ChargedPart, KnownUsage } from '../../domain/rating/facts.ts';
import type { Fence } from '../../domain/rating/fence.ts';
import type { Rated } from '../../domain/rating/rate-usage.ts';
import type { Parked, Usage } from '../../domain/rating/usage.ts';

export interface UsageStore {
  /** These events as far as they are known, and the parked ones that wait for one of `names` (`waitFor`). */
  find(usageIds: readonly string[], names?: readonly string[]): Promise<{ known: KnownUsage[]; waiting: Usage[] }>;
  /** What of these facts is charged now, over all their corrections. */
  charged(factIds: readonly string[]): Promise<ChargedPart[]>;
  /** Rated events of an account's epoch that end after its fence, and that no other event has taken the place of. */
  ratedAfter(accountId: string, fence: Fence): Promise<KnownUsage[]>;
  saveRated(rated: readonly Rated[], now: Instant): Promise<void>;
  park(parked: readonly Parked[], now: Instant): Promise<void>;
  parked(usageIds: readonly string[]): Promise<Usage[]>;
  parkedIds(limit: number): Promise<string[]>;
  /** Parked events that wait for one of these names. */
  waitingFor(names: readonly string[], limit: number): Promise<Usage[]>;
  /** Parked events whose hold or wallet has come since; at most `limit`. */
  curable(limit: number): Promise<Usage[]>;
}

export interface BillLineStore {
  /** Lines of what was used; of those under a price of the whole month, the ones of these months. */
  ofResources(usages: readonly Usage[], periods: readonly Month[]): Promise<BillLine[]>;
  /** These lines, and the totals that they share. */
  withTotals(lineIds: readonly string[]): Promise<{ lines: BillLine[]; totals: PeriodTotal[] }>;
  save(lines: readonly BillLine[]): Promise<void>;
  totals(of: {
    accountIds: readonly string[];
    priceIds: readonly string[];
    periods: readonly Month[];
  }): Promise<PeriodTotal[]>;
  saveTotals(totals: readonly PeriodTotal[]): Promise<void>;
}

export interface FenceStore {
  /** The first word counts: a fence that is known is left as it is. */
  insert(fence: Fence, now: Instant): Promise<void>;
  ofUsages(usages: readonly Usage[]): Promise<Fence[]>;
}
