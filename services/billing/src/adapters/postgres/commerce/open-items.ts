import type { Instant } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import { type Day, dayOf } from '../../../domain/calendar/calendar.ts';
import type { OpenItem } from '../../../domain/document/invoice.ts';

type UsageRow = {
  bill_line_id: string;
  day: string;
  source_kind: string;
  source_id: string;
  meter: string;
  region: string;
  item: string;
  quantity: string;
  paid: string;
  charge_ids: string[];
};
type MoneyRow = {
  id: string;
  kind: 'order' | 'refund' | 'credit';
  title: string;
  subject_kind: string;
  subject_id: string;
  amount: string;
  created_at: string | Date;
  original_id: string | null;
};

/**
 * What no document lists yet: charges by line and day, orders, and money that came back with the invoice it is about. The
 * charges of one account are few and those of all of them many: written so that only its own are ever looked at, and of
 * those that are listed already the index alone.
 */
export async function openItems(tx: Tx, accountId: string, upTo: { day: Day; before: Instant }): Promise<OpenItem[]> {
  const usage = await tx.execute<UsageRow>(sql`
    select line.id as bill_line_id, charge.day, line.source_kind, line.source_id, line.meter, line.region, line.item,
      sum(charge.quantity)::text as quantity, sum(charge.held_micros + charge.wallet_micros)::text as paid,
      array_agg(charge.id order by charge.id) as charge_ids
    from bill_lines line
    cross join lateral (
      select id from charges where charges.bill_line_id = line.id
        and (select item.item_id from invoiced_items item where item.item_id = charges.id) is null
      offset 0) open
    cross join lateral (select * from charges where charges.id = open.id offset 0) charge
    where line.account_id = ${accountId} and charge.day <= ${upTo.day}
    group by line.id, charge.day`);
  const before = sql`${new Date(upTo.before).toISOString()}::timestamptz`;
  const open = (id: ReturnType<typeof sql>) =>
    sql`not exists (select from invoiced_items item where item.item_id = ${id})`;
  const invoiceOfLine = (lineId: ReturnType<typeof sql>) => sql`(
    select max(listed.invoice_id) from invoice_lines listed join invoices on invoices.id = listed.invoice_id
    where listed.reference_id = ${lineId} and listed.kind = 'usage' and invoices.kind = 'invoice')`;
  const money = await tx.execute<MoneyRow>(sql`
    select o.id, 'order' as kind, o.title, o.kind as subject_kind, o.subject_id, o.amount_micros::text as amount,
      o.created_at, null as original_id
    from orders o
    where o.account_id = ${accountId} and o.kind in ('purchase', 'renewal', 'upgrade') and o.amount_micros > 0
      and o.created_at < ${before} and ${open(sql`o.id`)}
    union all
    select r.id, 'refund', r.reason, r.target_kind, r.target_id, (-r.amount_micros)::text, r.created_at,
      case r.target_kind
        when 'order' then (select item.invoice_id from invoiced_items item where item.item_id = r.target_id)
        else ${invoiceOfLine(sql`r.target_id`)} end
    from refunds r
    where r.account_id = ${accountId} and r.kind = 'wallet' and r.created_at < ${before} and ${open(sql`r.id`)}
    union all
    select c.id, 'credit', c.reason, 'bill_line', c.bill_line_id, (-c.amount_micros)::text, c.created_at,
      ${invoiceOfLine(sql`c.bill_line_id`)}
    from credits c
    where c.account_id = ${accountId} and c.created_at < ${before} and ${open(sql`c.id`)}`);
  return [...usage.rows.map(usageItem), ...money.rows.map(moneyItem)];
}

function usageItem(row: UsageRow): OpenItem {
  const { meter, region, item, day } = row;
  return {
    kind: 'usage',
    referenceId: row.bill_line_id,
    day,
    title: [row.source_kind, item, meter].filter((part) => part !== '').join(' · '),
    resourceKind: row.source_kind,
    resourceId: row.source_id,
    ...{ meter, region, item },
    quantity: BigInt(row.quantity),
    amountMicros: BigInt(row.paid),
    itemIds: row.charge_ids,
  };
}

function moneyItem(row: MoneyRow): OpenItem {
  return {
    kind: row.kind,
    referenceId: row.id,
    day: dayOf(new Date(row.created_at).getTime()),
    title: row.title,
    resourceKind: row.subject_kind,
    resourceId: row.subject_id,
    meter: '',
    region: '',
    item: '',
    quantity: 1n,
    amountMicros: BigInt(row.amount),
    itemIds: [row.id],
    ...(row.original_id !== null && { originalId: row.original_id }),
  };
}
