import type { YearCheck } from './audit-year.ts';

/** The first instant after a month in Shanghai. */
const endOf = (month: string) => `(((${month} || '-01')::timestamp + interval '1 month') at time zone 'Asia/Shanghai')`;
const lastClosed = `(select max(month) from document_closings)`;

/** What customers paid the platform and got back, one row per transfer, signed as the platform sees it. */
const paid = `
  select wallets.account_id, t.code, t.reference, t.created_at,
    case when t.from_account_id = wallets.id then t.amount_micros else -t.amount_micros end as amount
  from transfers t join wallets on wallets.id in (t.from_account_id, t.to_account_id)
  where 'platform:revenue' in (t.from_account_id, t.to_account_id) and t.kind in ('post', 'post_pending')`;

/** What has to stand on documents, one row per thing, with its day in Shanghai: not read from the documents. */
export const things = `
  select line.account_id, charge.id, charge.day, charge.created_at, charge.held_micros + charge.wallet_micros as amount
  from charges charge join bill_lines line on line.id = charge.bill_line_id
  union all
  select account_id, id, to_char(created_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD'), created_at, amount_micros
  from orders where kind in ('purchase', 'renewal', 'upgrade')
  union all
  select account_id, id, to_char(created_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD'), created_at, -amount_micros
  from refunds where kind = 'wallet'
  union all
  select account_id, id, to_char(created_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD'), created_at, -amount_micros
  from credits`;

/** When documents of an account were issued, and up to which day they look. */
const issues = `
  select account_id, closed_at as issued_at, month || '-31' as day_to from statements
  union
  select account_id, issued_at, day_to from invoices
  where not exists (select from statements s where s.account_id = invoices.account_id and s.closed_at = issued_at)`;

export const documents: YearCheck[] = [
  {
    name: 'statements: every account has every month',
    broken: `
      select wallets.account_id, closings.month from wallets cross join document_closings closings
      where wallets.created_at < ${endOf('closings.month')} and not exists (
        select from statements s where s.account_id = wallets.account_id and s.month = closings.month)`,
  },
  {
    name: 'statements: opening + movements = closing = the next opening, without a gap',
    broken: `
      select * from (
        select s.account_id, s.month, opening_micros, closing_micros, after_sequence, moved.micros,
          lag(closing_micros, 1, 0) over run as before_micros, lag(to_sequence, 1, 0) over run as before_sequence
        from statements s cross join lateral (
          select coalesce(sum((m -> 'inMicros' ->> '$bigint')::numeric - (m -> 'outMicros' ->> '$bigint')::numeric), 0) as micros
          from jsonb_array_elements(s.movements) m) moved
        window run as (partition by s.account_id order by s.month)) all_months
      where opening_micros + micros <> closing_micros
        or opening_micros <> before_micros or after_sequence <> before_sequence`,
  },
  {
    name: 'statements: closing is the fold of the entries up to the end of the month',
    broken: `
      select * from (
        select s.account_id, s.month, s.closing_micros,
          sum(coalesce(moved.micros, 0)) over (partition by s.account_id order by s.month) as folded
        from statements s left join (
          select account_id, to_char(created_at at time zone 'Asia/Shanghai', 'YYYY-MM') as month, sum(posted_micros) as micros
          from entries where sequence is not null group by 1, 2
        ) moved on moved.account_id = s.wallet_id and moved.month = s.month) months
      where closing_micros <> folded`,
  },
  {
    name: 'documents: the total is the sum of the lines',
    broken: `
      select invoices.id, total_micros, lines.micros from invoices left join (
        select invoice_id, sum(amount_micros) as micros, count(*) as lines from invoice_lines group by invoice_id
      ) lines on lines.invoice_id = invoices.id
      where (total_micros, line_count) is distinct from (lines.micros, lines.lines::integer)`,
  },
  {
    name: 'documents: numbers have no gaps',
    broken: `
      select kind, count(*), max(number) from invoices group by kind, substr(number, 1, length(number) - 7)
      having count(*) <> max(right(number, 6)::integer)`,
  },
  {
    name: 'documents: by account, invoices - credit notes + what waits = what the ledger charged, to the micro',
    broken: `
      select account_id, listed, waits, ledger from (
        select account_id, sum(case kind when 'invoice' then total_micros else -total_micros end) as listed
        from invoices group by account_id) documents
      full join (
        select account_id, sum(amount) as waits from (${things}) thing
        where created_at < ${endOf(lastClosed)}
          and not exists (select from invoiced_items item where item.item_id = thing.id) group by account_id) waiting
        using (account_id)
      full join (
        select account_id, sum(amount) as ledger from (${paid}) paid
        where created_at < ${endOf(lastClosed)} or code = 'charge' group by account_id) ledger using (account_id)
      where coalesce(listed, 0) + coalesce(waits, 0) <> coalesce(ledger, 0)`,
  },
  {
    name: 'documents: only what would take an invoice below zero waits',
    broken: `
      select thing.account_id, thing.day, sum(amount) from (${things}) thing
      where created_at < ${endOf(lastClosed)} and day <= ${lastClosed} || '-31'
        and not exists (select from invoiced_items item where item.item_id = thing.id)
      group by thing.account_id, thing.day having sum(amount) > 0`,
  },
  {
    name: 'documents: by account and month, they list what the ledger had for that month, late things on the next',
    broken: `
      with issue as materialized (${issues}), thing as materialized (${things}), placed as (
        select thing.id, thing.account_id, thing.amount, min(issue.issued_at) as issued_at from thing join issue
          on issue.account_id = thing.account_id and issue.day_to >= thing.day and issue.issued_at >= thing.created_at
        group by thing.id, thing.account_id, thing.amount
      ), planned as (
        select account_id, issued_at, sum(amount) as amount from placed group by 1, 2
      ), listed as (
        select account_id, issued_at, sum(case kind when 'invoice' then total_micros else -total_micros end) as amount
        from invoices group by 1, 2
      ), so_far as (
        select account_id, issued_at,
          sum(coalesce(planned.amount, 0)) over run as planned, sum(coalesce(listed.amount, 0)) over run as listed
        from planned full join listed using (account_id, issued_at)
        window run as (partition by account_id order by issued_at)
      )
      select * from so_far where planned <> listed and not (listed > planned and account_id in (
        select account_id from thing where amount < 0))`,
  },
];
