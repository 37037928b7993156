import type { Database } from '@suanli/postgres';
import { and, desc, eq, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { BillingReads, PageQuery, Visible } from '../../app/read-ports.ts';
import { documentReads } from './commerce/document-reads.ts';
import { planReads } from './commerce/plan-reads.ts';
import { refundReads } from './commerce/refund-reads.ts';
import { addLotParts } from './credit/add-lot-parts.ts';
import { lotReads, voucherReads } from './credit/credit-reads.ts';
import { rechargeReads } from './recharges/recharge-reads.ts';
import { pageOf } from './page-of.ts';
import { pricingReads } from './pricing-reads.ts';
import { ratingReads } from './rating-reads.ts';
import { toBillLine, toHold, toTransfer, toWallet } from './rows.ts';
import { billLines, entries, holds, transfers, wallets } from './schema/index.ts';

/** Usage ids named by one bill line, and by each line of a list. */
const MAX_USAGE_IDS = 1_000;
const MAX_USAGE_IDS_IN_LIST = 20;

export function postgresReads(db: Database): BillingReads {
  return {
    ...planReads(db),
    ...refundReads(db),
    ...documentReads(db),
    ...lotReads(db),
    ...voucherReads(db),
    ...rechargeReads(db),
    ...pricingReads(db),
    ...ratingReads(db),
    async wallet(accountId) {
      const [row] = await db.select().from(wallets).where(eq(wallets.accountId, accountId));
      return row && toWallet(row);
    },
    ledgerEntries: (walletId, page) => ledgerEntries(db, walletId, page),
    async transfer(transferId) {
      const [row] = await db.select().from(transfers).where(eq(transfers.id, transferId));
      const [transfer] = row === undefined ? [] : await addLotParts(db, [toTransfer(row)]);
      return transfer;
    },
    async holds(visible, page, status) {
      const isAsked = status === '' ? undefined : sql`${holds.status} = ${status}`;
      const rows = await db
        .select()
        .from(holds)
        .where(and(sees(visible, holds), isAsked, before(holds.id, page)))
        .orderBy(desc(holds.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toHold), page, (hold) => hold.id);
    },
    async hold(holdId) {
      const [row] = await db.select().from(holds).where(eq(holds.id, holdId));
      return row && toHold(row);
    },
    async billLines(visible, page, resourceId) {
      const isAsked = resourceId === '' ? undefined : eq(billLines.sourceId, resourceId);
      const rows = await selectLines(db, MAX_USAGE_IDS_IN_LIST)
        .where(and(sees(visible, billLines), isAsked, before(billLines.id, page)))
        .orderBy(desc(billLines.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toView), page, (line) => line.id);
    },
    async billLine(visible, billLineId) {
      const [row] = await selectLines(db, MAX_USAGE_IDS).where(
        and(sees(visible, billLines), eq(billLines.id, billLineId)),
      );
      return row && toView(row);
    },
  };
}

async function ledgerEntries(db: Database, walletId: string, page: PageQuery) {
  const rows = await db
    .select({ entry: entries, code: transfers.code, reference: transfers.reference })
    .from(entries)
    .innerJoin(transfers, eq(transfers.id, entries.transferId))
    .where(
      and(
        eq(entries.accountId, walletId),
        ne(entries.postedMicros, 0n),
        page.after === undefined ? sql`${entries.sequence} is not null` : lt(entries.sequence, BigInt(page.after)),
      ),
    )
    .orderBy(desc(entries.sequence))
    .limit(page.limit + 1);
  const views = rows.map(({ entry, code, reference }) => ({
    walletId,
    sequence: entry.sequence ?? 0n,
    transferId: entry.transferId,
    code,
    amountMicros: entry.postedMicros,
    balanceAfterMicros: entry.postedAfterMicros ?? 0n,
    reference,
    createdAt: entry.createdAt.getTime(),
  }));
  return pageOf(views, page, (entry) => entry.sequence.toString());
}

function selectLines(db: Database, maxUsageIds: number) {
  const usageIds = sql<string[]>`array(
    select usage_id from charges where charges.bill_line_id = bill_lines.id order by charges.id limit ${maxUsageIds})`;
  return db.select({ line: billLines, usageIds }).from(billLines);
}

function toView({ line, usageIds }: { line: typeof billLines.$inferSelect; usageIds: string[] }) {
  return { ...toBillLine(line), usageIds };
}

type TenantColumns = { accountId: PgColumn; subAccountId: PgColumn; workspaceId: PgColumn };

/** A reader sees the rows of its own workspace, and as a sub-account only its own. */
function sees(visible: Visible, columns: TenantColumns): SQL | undefined {
  return and(
    eq(columns.accountId, visible.accountId),
    eq(columns.workspaceId, visible.workspaceId),
    visible.subAccountId === undefined ? undefined : eq(columns.subAccountId, visible.subAccountId),
  );
}

/** Ids are time-ordered, so the newest come first. */
function before(id: PgColumn, page: PageQuery): SQL | undefined {
  return page.after === undefined ? undefined : lt(id, page.after);
}
