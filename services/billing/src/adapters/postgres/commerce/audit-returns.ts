import { sql } from 'drizzle-orm';
import type { AuditCheck } from '../audit-checks.ts';

/** Every line with what the ledger says was paid for it and has not come back. */
const kept = sql`
  select line.*, coalesce(moved.paid, 0) as paid,
    amount_micros - written_off_micros - refunded_micros - credited_micros as said
  from bill_lines line left join (
    select reference,
      sum(case when from_account_id = 'platform:revenue' then -amount_micros else amount_micros end) as paid
    from transfers where code in ('charge', 'refund', 'compensation') group by reference
  ) moved on moved.reference = line.id`;

/** What money back promises: never twice, never more than was taken. */
export const returnChecks: AuditCheck[] = [
  {
    name: 'linesKeepWhatTheLedgerSays',
    broken: sql`select abs(paid - said) as drift from (${kept}) kept where paid <> said`,
  },
  {
    // Lines of one total pay for each other: of them it is all together that count.
    name: 'nothingComesBackTwice',
    broken: sql`
      select -sum(paid) as drift from (${kept}) kept
      group by account_id, price_id, discount_id, period, case period when '' then id else '' end
      having sum(paid) < 0`,
  },
  {
    name: 'linesKnowWhatCameBack',
    broken: sql`
      select abs(line.refunded_micros - coalesce(refunded.amount, 0) - coalesce(void.refunded, 0))
        + abs(line.credited_micros - coalesce(credited.amount, 0) - coalesce(void.credited, 0)) as drift
      from bill_lines line
      left join (
        select target_id, sum(amount_micros) as amount from refunds where target_kind = 'bill_line' group by target_id
      ) refunded on refunded.target_id = line.id
      left join (
        select bill_line_id, sum(amount_micros) as amount from credits group by bill_line_id
      ) credited on credited.bill_line_id = line.id
      left join (
        select bill_line_id, sum(refunded_micros) as refunded, sum(credited_micros) as credited
        from charges group by bill_line_id
      ) void on void.bill_line_id = line.id
      where line.refunded_micros <> coalesce(refunded.amount, 0) + coalesce(void.refunded, 0)
        or line.credited_micros <> coalesce(credited.amount, 0) + coalesce(void.credited, 0)`,
  },
  {
    name: 'totalsKnowWhatCameBack',
    broken: sql`
      select abs(total.refunded_micros - coalesce(lines.refunded, 0))
        + abs(total.credited_micros - coalesce(lines.credited, 0)) as drift
      from period_totals total left join (
        select account_id, price_id, discount_id, period, sum(refunded_micros) as refunded, sum(credited_micros) as credited
        from bill_lines where period <> '' group by account_id, price_id, discount_id, period
      ) lines using (account_id, price_id, discount_id, period)
      where (total.refunded_micros, total.credited_micros)
        is distinct from (coalesce(lines.refunded, 0), coalesce(lines.credited, 0))`,
  },
  {
    name: 'creditsNeverExceedTheirCharges',
    broken: sql`
      select looked.amount_micros - (charges.amount_micros - charges.written_off_micros) as drift
      from credited_charges looked join charges on charges.id = looked.charge_id
      where looked.amount_micros > greatest(charges.amount_micros - charges.written_off_micros, 0)`,
  },
];
