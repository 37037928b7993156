import type { DocumentReads } from './documents/ports.ts';
import type { PlanReads } from './plans/ports.ts';
import type { RefundReads } from './refunds/ports.ts';
import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { Hold } from '../domain/hold/hold.ts';
import type { Transfer } from '../domain/ledger/transfer.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import type { BillLine } from '../domain/rating/bill-line.ts';
import type { LotReads } from './lots/ports.ts';
import type { PricingReads } from './prices/read-ports.ts';
import type { RatingReads } from './rating/read-ports.ts';
import type { RechargeReads } from './recharges/ports.ts';
import type { VoucherReads } from './vouchers/ports.ts';

/** A slice of a list: what follows `after`, the key of the last row seen. */
export type PageQuery = { limit: number; after?: string };
export type Page<Row> = { rows: Row[]; hasMore: boolean; nextKey?: string };

/** Whose rows a reader may see. */
export type Visible = Pick<TenantPath, 'accountId' | 'subAccountId' | 'workspaceId'>;

/** One movement of posted money, as its wallet sees it. */
export type LedgerEntry = {
  walletId: string;
  sequence: bigint;
  transferId: string;
  code: string;
  amountMicros: Micros;
  balanceAfterMicros: Micros;
  reference: string;
  createdAt: Instant;
};

export type BillLineView = BillLine & { usageIds: string[] };
/** Questions that change nothing; each is one statement, and each names the tenant itself. */
export interface BillingReads
  extends PlanReads,
    RefundReads,
    DocumentReads,
    LotReads,
    VoucherReads,
    RechargeReads,
    PricingReads,
    RatingReads {
  wallet(accountId: string): Promise<Wallet | undefined>;
  ledgerEntries(walletId: string, page: PageQuery): Promise<Page<LedgerEntry>>;
  transfer(transferId: string): Promise<Transfer | undefined>;
  holds(visible: Visible, page: PageQuery, status: string): Promise<Page<Hold>>;
  hold(holdId: string): Promise<Hold | undefined>;
  billLines(visible: Visible, page: PageQuery, resourceId: string): Promise<Page<BillLineView>>;
  billLine(visible: Visible, billLineId: string): Promise<BillLineView | undefined>;
}
