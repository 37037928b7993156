import { sql } from 'drizzle-orm';
import type { AuditCheck } from '../audit-checks.ts';

/** What came from or went back to a wallet under one code, by what it was for. */
const booked = (code: string) => sql`
  select reference, sum(amount_micros) as amount from transfers where code = ${code} group by reference`;

/** What orders, refunds, credits and documents promise of the ledger. */
export const commerceChecks: AuditCheck[] = [
  {
    name: 'ordersEqualTheirTransfers',
    broken: sql`
      select abs(coalesce(orders.amount_micros, 0) - coalesce(paid.amount, 0)) as drift
      from (select * from orders where kind in ('purchase', 'renewal', 'upgrade')) orders
      full join (${booked('purchase')}) paid on paid.reference = orders.id
      where coalesce(orders.amount_micros, 0) <> coalesce(paid.amount, 0)`,
  },
  {
    name: 'refundsEqualTheirTransfers',
    broken: sql`
      select abs(coalesce(given.amount, 0) - coalesce(back.amount, 0)) as drift
      from (select target_id, sum(amount_micros) as amount from refunds where kind = 'wallet' group by target_id) given
      full join (${booked('refund')}) back on back.reference = given.target_id
      where given.amount is distinct from back.amount`,
  },
  {
    name: 'ordersKnowWhatCameBack',
    broken: sql`
      select abs(orders.refunded_micros - coalesce(back.amount, 0)) as drift
      from orders left join (${booked('refund')}) back on back.reference = orders.id
      where orders.refunded_micros <> coalesce(back.amount, 0)`,
  },
  {
    name: 'creditsEqualTheirTransfers',
    broken: sql`
      select abs(coalesce(given.amount, 0) - coalesce(back.amount, 0)) as drift
      from (select bill_line_id, sum(amount_micros) as amount from credits group by bill_line_id) given
      full join (${booked('compensation')}) back on back.reference = given.bill_line_id
      where given.amount is distinct from back.amount`,
  },
  {
    name: 'creditsEqualTheirCharges',
    broken: sql`
      select abs(credits.amount_micros - coalesce(parts.amount, 0)) as drift
      from credits left join (
        select credit_id, sum(amount_micros) as amount from credited_charges group by credit_id
      ) parts on parts.credit_id = credits.id
      where credits.amount_micros is distinct from parts.amount`,
  },
  {
    name: 'invoicesEqualTheirLines',
    broken: sql`
      select abs(invoices.total_micros - coalesce(lines.amount, 0)) as drift
      from invoices left join (
        select invoice_id, sum(amount_micros) as amount, count(*) as lines from invoice_lines group by invoice_id
      ) lines on lines.invoice_id = invoices.id
      where (invoices.total_micros, invoices.line_count) is distinct from (lines.amount, lines.lines)`,
  },
  {
    name: 'invoicesEqualWhatTheyList',
    broken: sql`
      select abs(coalesce(case invoices.kind when 'credit_note' then -total_micros else total_micros end, 0) - coalesce(listed.amount, 0)) as drift
      from invoices left join (
        select item.invoice_id, sum(coalesce(
          (select held_micros + wallet_micros from charges where charges.id = item.item_id),
          (select amount_micros from orders where orders.id = item.item_id),
          -(select amount_micros from refunds where refunds.id = item.item_id),
          -(select amount_micros from credits where credits.id = item.item_id), 0)) as amount
        from invoiced_items item group by item.invoice_id
      ) listed on listed.invoice_id = invoices.id
      where case invoices.kind when 'credit_note' then -total_micros else total_micros end
        is distinct from coalesce(listed.amount, 0)`,
  },
  {
    name: 'documentNumbersHaveNoGaps',
    broken: sql`
      select 0 as drift from document_numbers numbers
      where last_number <> (
        select count(*) from invoices where number like numbers.series || '-' || numbers.year || '-%')`,
  },
  {
    name: 'statementsEqualTheLedger',
    broken: sql`
      select abs(closing_micros - opening_micros - coalesce((
        select sum(posted_micros) from entries
        where account_id = wallet_id and sequence > after_sequence and sequence <= to_sequence), 0)) as drift
      from statements
      where closing_micros - opening_micros <> coalesce((
        select sum(posted_micros) from entries
        where account_id = wallet_id and sequence > after_sequence and sequence <= to_sequence), 0)`,
  },
];
