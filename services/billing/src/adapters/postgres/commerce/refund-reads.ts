import type { Database } from '@suanli/postgres';
import { and, asc, desc, eq, gt, sql } from 'drizzle-orm';
import type { RefundReads } from '../../../app/refunds/ports.ts';
import { credits, refunds } from '../schema/index.ts';
import { pageOf } from '../page-of.ts';
import { before, sees } from './pages.ts';
import { toCredit, toRefund } from './refund-rows.ts';

export function refundReads(db: Database): RefundReads {
  return {
    async refunds(visible, page, state) {
      const isAsked = state === '' ? undefined : sql`${refunds.state} = ${state}`;
      const rows = await db
        .select()
        .from(refunds)
        .where(and(sees(visible, refunds), isAsked, before(refunds.id, page)))
        .orderBy(desc(refunds.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toRefund), page, (refund) => refund.id);
    },
    async refund(visible, id) {
      const [row] = await db
        .select()
        .from(refunds)
        .where(and(sees(visible, refunds), eq(refunds.id, id)));
      return row && toRefund(row);
    },
    async openPayouts(page) {
      const rows = await db
        .select()
        .from(refunds)
        .where(
          and(
            sql`${refunds.state} in ('requested', 'approved')`,
            page.after === undefined ? undefined : gt(refunds.id, page.after),
          ),
        )
        .orderBy(asc(refunds.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toRefund), page, (refund) => refund.id);
    },
    async credits(visible, page, reason) {
      const isAsked = reason === '' ? undefined : eq(credits.reason, reason);
      const rows = await db
        .select()
        .from(credits)
        .where(and(sees(visible, credits), isAsked, before(credits.id, page)))
        .orderBy(desc(credits.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toCredit), page, (credit) => credit.id);
    },
  };
}
