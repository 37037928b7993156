import type { Instant, Micros } from '@suanli/kernel';
import type { BillLine } from '../../domain/rating/bill-line.ts';
import type { Charge } from '../../domain/rating/charge.ts';
import type { Hold } from '../../domain/hold/hold.ts';
import type { Transfer } from '../../domain/ledger/transfer.ts';
import type { Price } from '../../domain/price/price.ts';
import type { Discount } from '../../domain/price/rate.ts';
import type { ParkReason, Usage } from '../../domain/rating/usage.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

export type ParkedUsage = {
  usageId: string;
  accountId: string;
  reason: ParkReason;
  /** What it waits for (`waitFor`); empty when nothing that billing could see coming helps. */
  waitsFor: string;
  attempts: number;
  parkedAt: Instant;
  usage: Usage;
};

/** Empty fields are no condition. */
export type ParkedFilter = { reason: string; accountId: string; sourceId: string };

/** Everything that one bill line rests on. */
export type LineEvidence = {
  line: BillLine;
  /** In the order in which they were made; the first thousand. */
  charges: Charge[];
  usages: Usage[];
  price: Price;
  discount: Discount | undefined;
  holds: Hold[];
  transfers: Transfer[];
  /** Of the month's total that the line shares: what it counts now. */
  total: { quantity: bigint; amountMicros: Micros } | undefined;
  /** Charges that it has beyond the ones given. */
  moreCharges: number;
};

export interface RatingReads {
  parkedUsage(filter: ParkedFilter, page: PageQuery): Promise<Page<ParkedUsage>>;
  parkedUsageCount(): Promise<number>;
  evidence(visible: Visible, billLineId: string): Promise<LineEvidence | undefined>;
}
