import { CURRENCY } from '@suanli/kernel';
import { insertSet, type Tx } from '@suanli/postgres';
import { and, eq, sql } from 'drizzle-orm';
import type { DocumentStore } from '../../../app/documents/ports.ts';
import type { StatementRange } from '../../../domain/document/statement.ts';
import { documentClosings, invoicedItems, invoiceLines, invoices, statements } from '../schema/index.ts';
import { toTaggedJson } from '../tagged-json.ts';
import { toStatement } from './document-rows.ts';
import { openItems } from './open-items.ts';

export function documentStore(tx: Tx): DocumentStore {
  return {
    openItems: (accountId, upTo) => openItems(tx, accountId, upTo),
    async takeNumber(series, year) {
      const found = await tx.execute<{ last_number: number }>(sql`
        insert into document_numbers (series, year, last_number) values (${series}, ${year}, 1)
        on conflict (series, year) do update set last_number = document_numbers.last_number + 1
        returning last_number`);
      return Number(found.rows[0]?.last_number);
    },
    async insertInvoice({ issuedAt, originalId, ...invoice }, lines, itemIds) {
      const row = { ...invoice, originalId: originalId ?? null, issuedAt: new Date(issuedAt) };
      await tx.insert(invoices).values(row);
      const rows = lines.map((line, position) => ({ ...line, invoiceId: invoice.id, position }));
      await tx.execute(insertSet(invoiceLines, rows));
      const items = itemIds.map((itemId) => ({ itemId, invoiceId: invoice.id }));
      await tx.execute(insertSet(invoicedItems, items));
    },
    async statement(accountId, month) {
      const [row] = await tx
        .select()
        .from(statements)
        .where(and(eq(statements.accountId, accountId), eq(statements.month, month)));
      return row && toStatement(row);
    },
    async statementRange(walletId, { from, to }, afterSequence) {
      const lastBefore = (at: number) => sql`coalesce((
        select max(sequence) from entries
        where account_id = ${walletId} and sequence is not null and created_at < ${new Date(at).toISOString()}::timestamptz), 0)`;
      const after = afterSequence === undefined ? lastBefore(from) : sql`${afterSequence}::bigint`;
      const balanceAt = (sequence: ReturnType<typeof sql>) => sql`coalesce((
        select posted_after_micros from entries where account_id = ${walletId} and sequence = ${sequence}), 0)`;
      const found = await tx.execute<{ after: string; until: string; opening: string; closing: string }>(sql`
        with ends as (select ${after} as after, ${lastBefore(to)} as until),
        bounds as (select after, greatest(after, until) as until from ends)
        select after::text, until::text, ${balanceAt(sql`bounds.after`)}::text as opening,
          ${balanceAt(sql`bounds.until`)}::text as closing
        from bounds`);
      const row = found.rows[0];
      return {
        afterSequence: BigInt(row?.after ?? 0),
        toSequence: BigInt(row?.until ?? 0),
        openingMicros: BigInt(row?.opening ?? 0),
        closingMicros: BigInt(row?.closing ?? 0),
      };
    },
    async statementMovements(walletId, { afterSequence, toSequence }: StatementRange) {
      const found = await tx.execute<{ code: string; money_in: string; money_out: string; count: string }>(sql`
        select t.code, coalesce(sum(e.posted_micros) filter (where e.posted_micros > 0), 0)::text as money_in,
          coalesce(-sum(e.posted_micros) filter (where e.posted_micros < 0), 0)::text as money_out, count(*)::text as count
        from entries e join transfers t on t.id = e.transfer_id
        where e.account_id = ${walletId} and e.sequence > ${afterSequence}::bigint and e.sequence <= ${toSequence}::bigint
          and e.posted_micros <> 0
        group by t.code order by t.code`);
      return found.rows.map((row) => ({
        code: row.code,
        inMicros: BigInt(row.money_in),
        outMicros: BigInt(row.money_out),
        count: Number(row.count),
      }));
    },
    async insertStatement({ status: _closed, currency: _one, closedAt = 0, movements, ...statement }) {
      await tx
        .insert(statements)
        .values({ ...statement, movements: toTaggedJson(movements), closedAt: new Date(closedAt) });
    },
    async lastClosed() {
      const found = await tx.execute<{ month: string | null }>(sql`select max(month) as month from document_closings`);
      return found.rows[0]?.month ?? undefined;
    },
    async markClosed(month, now) {
      await tx
        .insert(documentClosings)
        .values({ month, closedAt: new Date(now) })
        .onConflictDoNothing();
    },
    async accountsToClose(month, openedBefore, limit) {
      const found = await tx.execute<{ account_id: string }>(sql`
        select account_id from wallets
        where created_at < ${new Date(openedBefore).toISOString()}::timestamptz and currency = ${CURRENCY}
          and not exists (select from statements s where s.account_id = wallets.account_id and s.month = ${month})
        order by account_id limit ${limit}`);
      return found.rows.map((row) => row.account_id);
    },
  };
}
