import { sql } from 'drizzle-orm';
import type { AuditCheck } from '../audit-checks.ts';

const moved = sql`
  select recharge_id,
    coalesce(sum(amount_micros) filter (where kind = 'receipt'), 0) as received,
    coalesce(sum(case kind when 'refund' then amount_micros when 'refund_returned' then -amount_micros end), 0) as refunded,
    coalesce(sum(case kind when 'dispute' then amount_micros when 'dispute_returned' then -amount_micros end), 0)
      as disputed,
    coalesce(sum(wallet_micros) filter (where kind = 'receipt'), 0) as wallet_received,
    coalesce(sum(wallet_micros) filter (where kind in ('refund', 'dispute')), 0) as wallet_taken,
    coalesce(sum(wallet_micros) filter (where kind in ('refund_returned', 'dispute_returned')), 0) as wallet_returned,
    coalesce(sum(owed_micros), 0) as lent
  from recharge_movements group by recharge_id`;

const booked = sql`
  select reference,
    coalesce(sum(amount_micros) filter (where code = 'recharge'), 0) as received,
    coalesce(sum(amount_micros) filter
      (where code in ('recharge_refund', 'chargeback') and from_account_id <> 'platform:receivable'), 0) as taken,
    coalesce(sum(amount_micros) filter (where code = 'recharge_returned'), 0) as returned,
    coalesce(sum(amount_micros) filter (where from_account_id = 'platform:receivable'), 0) as lent
  from transfers where code in ('recharge', 'recharge_refund', 'chargeback', 'recharge_returned') group by reference`;

/** What recharges promise: their sums are those of their movements, and those of the ledger. */
export const rechargeChecks: AuditCheck[] = [
  {
    name: 'rechargesEqualTheirMovements',
    broken: sql`
      select abs(recharges.received_micros - coalesce(moved.received, 0))
        + abs(recharges.refunded_micros - coalesce(moved.refunded, 0))
        + abs(recharges.disputed_micros - coalesce(moved.disputed, 0)) as drift
      from recharges left join (${moved}) moved on moved.recharge_id = recharges.id
      where (recharges.received_micros, recharges.refunded_micros, recharges.disputed_micros)
        is distinct from (coalesce(moved.received, 0), coalesce(moved.refunded, 0), coalesce(moved.disputed, 0))`,
  },
  {
    name: 'rechargesEqualTheirTransfers',
    broken: sql`
      select abs(coalesce(moved.wallet_received, 0) - coalesce(booked.received, 0))
        + abs(coalesce(moved.wallet_taken, 0) - coalesce(booked.taken, 0))
        + abs(coalesce(moved.wallet_returned, 0) - coalesce(booked.returned, 0))
        + abs(coalesce(moved.lent, 0) - coalesce(booked.lent, 0)) as drift
      from (${moved}) moved full join (${booked}) booked on booked.reference = moved.recharge_id
      where (coalesce(moved.wallet_received, 0), coalesce(moved.wallet_taken, 0), coalesce(moved.wallet_returned, 0),
          coalesce(moved.lent, 0))
        is distinct from (coalesce(booked.received, 0), coalesce(booked.taken, 0), coalesce(booked.returned, 0),
          coalesce(booked.lent, 0))`,
  },
  {
    name: 'debtsEqualTheirTransfers',
    broken: sql`
      select abs(owed - lent) as drift from
        (select coalesce(sum(owed_micros), 0) as owed from debts) owing,
        (select coalesce(sum(case when from_account_id = 'platform:receivable' then amount_micros else -amount_micros end), 0)
          as lent
        from transfers where 'platform:receivable' in (from_account_id, to_account_id)) lending
      where owed <> lent`,
  },
  {
    name: 'walletsKnowWhetherTheyOwe',
    broken: sql`
      select coalesce(debts.owed_micros, 0) as drift from wallets left join debts using (account_id)
      where wallets.has_debt <> (coalesce(debts.owed_micros, 0) > 0)`,
  },
  {
    name: 'paymentsAreBookedOnce',
    broken: sql`
      select amount_micros as drift from incoming_payments payment
      where state = 'booked' and 1 <> (
        select count(*) from recharge_movements movement
        where movement.channel = payment.channel and movement.serial_number = payment.serial_number
          and movement.recharge_id = payment.recharge_id and movement.amount_micros = payment.amount_micros)`,
  },
];
