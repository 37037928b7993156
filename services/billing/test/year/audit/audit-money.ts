import type { YearCheck } from './audit-year.ts';

/** Every movement of a wallet with the part of it that is credit; the rest is cash. In is positive. */
const moved = `
  select wallets.id as wallet_id, wallets.account_id, t.id, t.code, t.kind,
    case when t.to_account_id = wallets.id then 1 else -1 end as side, t.amount_micros,
    coalesce(parts.micros, 0) as credit_micros
  from transfers t join wallets on wallets.id in (t.from_account_id, t.to_account_id)
  left join (select transfer_id, sum(amount_micros) as micros from transfer_lots group by transfer_id) parts
    on parts.transfer_id = t.id
  where t.kind in ('post', 'post_pending', 'reversal')`;

/** What went into and out of each lot. */
const lots = `
  select lot.id, lot.kind, lot.granted_micros, lot.remaining_micros, lot.broken_micros,
    coalesce(sum(parts.amount_micros) filter (where t.to_account_id = lot.wallet_id and t.code = 'grant'), 0) as granted,
    coalesce(sum(parts.amount_micros) filter (where t.to_account_id = lot.wallet_id and t.code <> 'grant'), 0) as returned,
    coalesce(sum(parts.amount_micros) filter (where t.from_account_id = lot.wallet_id and t.code <> 'breakage'), 0) as used,
    coalesce(sum(parts.amount_micros) filter (where t.code = 'breakage'), 0) as broken
  from credit_lots lot
  left join (transfer_lots parts join transfers t on t.id = parts.transfer_id and t.kind in ('post', 'post_pending', 'reversal'))
    on parts.lot_id = lot.id
  group by lot.id`;

export const cashAndCredit: YearCheck[] = [
  {
    name: 'cash: deposits - payouts - charges and plans + what came back = what is left, by account',
    broken: `
      select wallets.account_id, posted_micros - lot_remaining_micros as left, cash from wallets left join (
        select wallet_id,
          sum(side * (amount_micros - credit_micros)) filter (where code in
            ('recharge', 'payout', 'charge', 'purchase', 'refund', 'compensation')) as cash
        from (${moved}) moved group by wallet_id
      ) flows on flows.wallet_id = wallets.id
      where posted_micros - lot_remaining_micros <> coalesce(cash, 0)`,
  },
  {
    name: 'cash: deposits are those of the recharges, payouts those of the refunds',
    broken: `
      select * from (
        select account_id, sum(side * amount_micros) filter (where code = 'recharge') as recharged,
          -sum(side * amount_micros) filter (where code = 'payout') as paid_out
        from (${moved}) moved group by account_id) flows
      full join (select account_id, sum(amount_micros) as asked from recharges group by account_id) asked using (account_id)
      full join (
        select account_id, sum(amount_micros) as refunded from refunds
        where kind = 'payout' and state in ('approved', 'paid') group by account_id) refunded using (account_id)
      where coalesce(recharged, 0) <> coalesce(asked, 0) or coalesce(paid_out, 0) <> coalesce(refunded, 0)`,
  },
  {
    name: 'credit: granted + returned = used + expired + left, by lot',
    broken: `
      select * from (${lots}) lots
      where granted + returned <> used + broken + remaining_micros or broken <> broken_micros
        or (kind <> 'compensation' and granted <> granted_micros)`,
  },
  {
    name: 'credit: what the platform gave and got is what lots were granted and lost',
    broken: `
      select * from (select sum(granted) as granted, sum(broken) as broken from (${lots}) lots) lots cross join (
        select coalesce(-sum(posted_micros) filter (where account_id like 'platform:credit:%'), 0) as given,
          coalesce(sum(posted_micros) filter (where account_id = 'platform:breakage'), 0) as got
        from entries where sequence is null) platform
      where granted <> given or broken <> got`,
  },
  {
    name: 'credit: nothing is left in a lot after its end but what holds have',
    broken: `
      select id from credit_lots
      where expires_at < (select max(created_at) from transfers) - interval '2 days' and remaining_micros > reserved_micros`,
  },
  {
    name: 'money that came back of a line or an order is not more than was paid for it',
    broken: `
      select * from (
        select line.id, sum(charge.held_micros + charge.wallet_micros) as paid,
          coalesce((select sum(amount_micros) from refunds where target_id = line.id and kind = 'wallet'), 0)
          + coalesce((select sum(amount_micros) from credits where bill_line_id = line.id), 0) as back
        from bill_lines line join charges charge on charge.bill_line_id = line.id
        where line.id in (select target_id from refunds union all select bill_line_id from credits) group by line.id) lines
      where back > paid
      union all
      select orders.id, amount_micros, back from orders join lateral (
        select sum(amount_micros) as back from refunds where target_id = orders.id and kind = 'wallet') refunded on true
      where back > amount_micros or coalesce(back, 0) <> refunded_micros`,
  },
  {
    name: 'plans: every order was paid once, and every period of a plan has one',
    broken: `
      select sold.id from (
        select orders.id, amount_micros, coalesce(sum(paid.micros), 0) as paid from orders left join (
          select reference, amount_micros as micros from transfers where code = 'purchase') paid on paid.reference = orders.id
        where kind in ('purchase', 'renewal', 'upgrade') group by orders.id) sold
      where amount_micros <> paid
      union all
      select s.id from subscriptions s cross join lateral generate_series(0, s.period_index) as period (index)
      cross join lateral (
        select count(*) as orders, count(*) filter (where refunded_micros < amount_micros) as kept from orders o
        where o.subject_id = s.id and o.period_index = period.index and o.kind in ('purchase', 'renewal')) paid
      where orders = 0 or kept > 1`,
  },
  {
    name: 'holds: all have ended',
    broken: `select id from holds where resolved_at is null`,
  },
];
