import type { Database } from '@suanli/postgres';
import { and, asc, desc, eq, gt, lt, sql } from 'drizzle-orm';
import type { BillQuery, DocumentReads } from '../../../app/documents/ports.ts';
import type { Visible } from '../../../app/read-ports.ts';
import { invoiceLines, invoices, statements } from '../schema/index.ts';
import { toInvoice, toInvoiceLine, toStatement } from './document-rows.ts';
import { pageOf } from '../page-of.ts';
import { before } from './pages.ts';

export function documentReads(db: Database): DocumentReads {
  return {
    async bills(visible, query, page) {
      const [afterDay = '', afterLine = ''] = page.after?.split('/') ?? [];
      const isAfter =
        page.after === undefined ? sql`` : sql`having (charge.day, line.id) > (${afterDay}, ${afterLine})`;
      const found = await db.execute<BillRow>(sql`
        select line.id, line.workspace_id, line.source_kind, line.source_id, line.meter, line.region, line.item, charge.day,
          sum(charge.quantity)::text as quantity, sum(charge.amount_micros)::text as amount,
          sum(charge.written_off_micros)::text as written_off
        ${billsOf(visible, query)}
        group by charge.day, line.id ${isAfter}
        order by charge.day, line.id limit ${page.limit + 1}`);
      const rows = found.rows.map((row) => ({
        billLineId: row.id,
        day: row.day,
        workspaceId: row.workspace_id,
        resourceKind: row.source_kind,
        resourceId: row.source_id,
        meter: row.meter,
        region: row.region,
        item: row.item,
        quantity: BigInt(row.quantity),
        amountMicros: BigInt(row.amount),
        writtenOffMicros: BigInt(row.written_off),
        isLive: row.day >= query.today,
      }));
      return pageOf(rows, page, (bill) => `${bill.day}/${bill.billLineId}`);
    },
    async billTotal(visible, query) {
      const found = await db.execute<{ amount: string; written_off: string; lines: string }>(sql`
        select coalesce(sum(charge.amount_micros), 0)::text as amount,
          coalesce(sum(charge.written_off_micros), 0)::text as written_off,
          count(distinct (line.id, charge.day))::text as lines
        ${billsOf(visible, query)}`);
      const row = found.rows[0];
      return {
        amountMicros: BigInt(row?.amount ?? 0),
        writtenOffMicros: BigInt(row?.written_off ?? 0),
        lineCount: Number(row?.lines ?? 0),
      };
    },
    async invoices(accountId, page, kind) {
      const isAsked = kind === '' ? undefined : sql`${invoices.kind} = ${kind}`;
      const rows = await db
        .select()
        .from(invoices)
        .where(and(eq(invoices.accountId, accountId), isAsked, before(invoices.id, page)))
        .orderBy(desc(invoices.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toInvoice), page, (invoice) => invoice.id);
    },
    async invoice(accountId, id) {
      const [row] = await db
        .select()
        .from(invoices)
        .where(and(eq(invoices.accountId, accountId), eq(invoices.id, id)));
      return row && toInvoice(row);
    },
    async invoiceLines(invoiceId, page) {
      const isAfter = page.after === undefined ? undefined : gt(invoiceLines.position, Number(page.after));
      const rows = await db
        .select()
        .from(invoiceLines)
        .where(and(eq(invoiceLines.invoiceId, invoiceId), isAfter))
        .orderBy(asc(invoiceLines.position))
        .limit(page.limit + 1);
      return pageOf(rows.map(toInvoiceLine), page, (line) => String(line.position));
    },
    async statements(accountId, page) {
      const isBefore = page.after === undefined ? undefined : lt(statements.month, page.after);
      const rows = await db
        .select()
        .from(statements)
        .where(and(eq(statements.accountId, accountId), isBefore))
        .orderBy(desc(statements.month))
        .limit(page.limit + 1);
      return pageOf(rows.map(toStatement), page, (statement) => statement.month);
    },
  };
}

type BillRow = {
  id: string;
  workspace_id: string;
  source_kind: string;
  source_id: string;
  meter: string;
  region: string;
  item: string;
  day: string;
  quantity: string;
  amount: string;
  written_off: string;
};

function billsOf(visible: Visible, { month, resourceId }: BillQuery) {
  return sql`
    from bill_lines line join charges charge on charge.bill_line_id = line.id
    where line.account_id = ${visible.accountId} and line.workspace_id = ${visible.workspaceId}
      ${visible.subAccountId === undefined ? sql`` : sql`and line.sub_account_id = ${visible.subAccountId}`}
      ${resourceId === '' ? sql`` : sql`and line.source_id = ${resourceId}`}
      and charge.day between ${`${month}-01`} and ${`${month}-31`}`;
}
