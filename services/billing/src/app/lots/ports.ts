import type { Instant, Micros } from '@suanli/kernel';
import type { CreditSpent } from '../../domain/lot/credit-spent.ts';
import type { Lot, LotStatus } from '../../domain/lot/lot.ts';
import type { PeriodTotal } from '../../domain/rating/bill-line.ts';
import type { Page, PageQuery } from '../read-ports.ts';

/** A month's total whose lines share what was paid; its reference is the group of what was spent on them. */
export type SharedTotal = Pick<PeriodTotal, 'accountId' | 'priceId' | 'discountId' | 'period'> & { reference: string };

export interface LotStore {
  /** Every lot of these wallets that something is left of. */
  funded(walletIds: readonly string[]): Promise<Lot[]>;
  find(lotIds: readonly string[]): Promise<Lot[]>;
  /** New lots are empty: transfers fill them. */
  insert(lots: readonly Lot[]): Promise<void>;
  /** What credit these bill lines, orders … and totals have cost, less what came back; and that credit. */
  spentOn(
    references: readonly string[],
    totals?: readonly SharedTotal[],
  ): Promise<{ spent: CreditSpent[]; lots: Lot[] }>;
  /** Lots whose time has passed and of which something is left that no hold has; the earliest first. Not locked. */
  findExpired(now: Instant, limit: number): Promise<Lot[]>;
  /** Lots with money in them that expire by `until` and whose owner was not told; the earliest first. Not locked. */
  findToWarn(until: Instant, limit: number): Promise<Lot[]>;
  markWarned(lotIds: readonly string[], now: Instant): Promise<void>;
}

/** What moved a lot once, signed as the lot sees it. */
export type LotMovement = {
  transferId: string;
  /** `grant`, `hold`, `charge`, `release`, `expiry`, `breakage` … */
  code: string;
  /** What it added to or took from what is left. */
  remainingMicros: Micros;
  /** What it added to or took from what holds have. */
  reservedMicros: Micros;
  reference: string;
  holdId?: string;
  createdAt: Instant;
};

export type LotFilter = { accountId: string; status: LotStatus | ''; now: Instant };

export interface LotReads {
  /** Newest first. */
  lots(filter: LotFilter, page: PageQuery): Promise<Page<Lot>>;
  lot(accountId: string, lotId: string): Promise<Lot | undefined>;
  /** Newest first. */
  lotMovements(lotId: string, page: PageQuery): Promise<Page<LotMovement>>;
}

export type LotEvent =
  | { kind: 'lot_expired'; lot: Lot; amountMicros: Micros; version: bigint }
  | { kind: 'lot_expiring'; lot: Lot; version: bigint };
