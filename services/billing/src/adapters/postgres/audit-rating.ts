import { sql } from 'drizzle-orm';
import type { AuditCheck } from './audit-checks.ts';

/** A whole number of a jsonb column, which is tagged. */
const numberAt = (path: string) => sql.raw(`(${path} ->> '$bigint')::numeric`);

/** Every total with what its price says of its quantity, before the discount: micros = amount ÷ per. */
const pricedTotals = sql`
  select total.*, prices.per_quantity as price_per, coalesce(discounts.basis_points, 0) as basis_points,
    prices.model ->> 'kind' as kind,
    case prices.model ->> 'kind'
      when 'package' then ceil(total.quantity::numeric / prices.per_quantity) * prices.amount_micros * prices.per_quantity
      when 'flat' then case when total.quantity > 0 then prices.amount_micros::numeric * prices.per_quantity else 0 end
      else tiered.amount
    end as exact
  from period_totals total
  join prices on prices.id = total.price_id
  left join discounts on discounts.id = total.discount_id
  left join lateral (
    select case prices.model ->> 'kind'
        when 'graduated' then sum((least(total.quantity, coalesce(up_to, total.quantity)) - lower) * amount + flat * prices.per_quantity)
          filter (where lower < total.quantity)
        when 'volume' then sum(total.quantity * amount + flat * prices.per_quantity)
          filter (where lower < total.quantity and (up_to is null or total.quantity <= up_to))
      end as amount
    from (
      select ${numberAt("tier -> 'upTo'")} as up_to, ${numberAt("tier -> 'amountMicros'")} as amount,
        coalesce(${numberAt("tier -> 'flatMicros'")}, 0) as flat,
        coalesce(lag(${numberAt("tier -> 'upTo'")}) over (order by place), 0) as lower
      from jsonb_array_elements(prices.model -> 'tiers') with ordinality as t (tier, place)
    ) tiers
  ) tiered on true`;

export const ratingChecks: AuditCheck[] = [
  {
    name: 'billLinesEqualTheirPrice',
    broken: sql`
      select abs(line.amount_micros - floor(line.quantity::numeric * price_amount_micros / price_per_quantity)) as drift
      from bill_lines line
      left join prices on prices.id = line.price_id
      left join discounts on discounts.id = line.discount_id
      where (line.period = '' and line.amount_micros <> div(
          line.quantity::numeric * price_amount_micros * (10000 - discount_basis_points), price_per_quantity::numeric * 10000))
        or (line.price_version, price_amount_micros, price_per_quantity)
          is distinct from (prices.version, prices.amount_micros, prices.per_quantity)
        or (line.period = '') <> (prices.model ->> 'kind' = 'unit')
        or line.discount_basis_points <> coalesce(discounts.basis_points, 0)`,
  },
  {
    name: 'totalsEqualTheirPrice',
    broken: sql`
      select abs(amount_micros - coalesce(div(exact * (10000 - basis_points), price_per::numeric * 10000), 0)) as drift
      from (${pricedTotals}) priced
      where amount_micros <> coalesce(div(exact * (10000 - basis_points), price_per::numeric * 10000), 0)`,
  },
  {
    name: 'totalsEqualTheirLines',
    broken: sql`
      select abs(coalesce(total.amount_micros, 0) - coalesce(lines.amount, 0)) as drift
      from period_totals total full join (
        select account_id, price_id, discount_id, period, sum(quantity) as quantity, sum(amount_micros) as amount,
          sum(written_off_micros) as written_off
        from bill_lines where period <> '' group by account_id, price_id, discount_id, period
      ) lines using (account_id, price_id, discount_id, period)
      where (total.quantity, total.amount_micros, total.written_off_micros)
        is distinct from (lines.quantity, lines.amount, lines.written_off)`,
  },
  {
    name: 'billLinesEqualTheirCharges',
    broken: sql`
      select abs(line.amount_micros - coalesce(sums.amount, 0)) as drift
      from bill_lines line left join (
        select bill_line_id, sum(quantity) as quantity, sum(amount_micros) as amount, sum(written_off_micros) as written_off
        from charges group by bill_line_id
      ) sums on sums.bill_line_id = line.id
      where (line.quantity, line.amount_micros, line.written_off_micros)
        is distinct from (coalesce(sums.quantity, 0), coalesce(sums.amount, 0), coalesce(sums.written_off, 0))`,
  },
  {
    name: 'chargesEqualTheirTransfers',
    broken: sql`
      select abs(coalesce(charged.held, 0) - coalesce(booked.held, 0)) + abs(coalesce(charged.wallet, 0) - coalesce(booked.wallet, 0))
        + abs(coalesce(charged.written_off, 0) - coalesce(booked.written_off, 0)) as drift
      from (
        select bill_line_id, sum(held_micros) as held, sum(wallet_micros) as wallet, sum(written_off_micros) as written_off
        from charges group by bill_line_id
      ) charged full join (
        select reference,
          sum(signed) filter (where kind = 'post_pending') as held,
          sum(signed) filter (where kind = 'post' and code = 'charge') as wallet,
          sum(signed) filter (where code = 'write_off') as written_off
        from (
          -- What comes back of a charge leaves the platform's revenue.
          select *, case when from_account_id = 'platform:revenue' then -amount_micros else amount_micros end as signed
          from transfers where code in ('charge', 'write_off')
        ) moved
        group by reference
      ) booked on booked.reference = charged.bill_line_id
      where (coalesce(charged.held, 0), coalesce(charged.wallet, 0), coalesce(charged.written_off, 0))
        is distinct from (coalesce(booked.held, 0), coalesce(booked.wallet, 0), coalesce(booked.written_off, 0))`,
  },
  {
    name: 'usageIsChargedOnce',
    broken: sql`
      select coalesce(sums.amount, 0) as drift
      from usage_events full join (
        select usage_id, count(*) as charges, sum(amount_micros) as amount from charges group by usage_id
      ) sums using (usage_id)
      where coalesce(charge_count, -1) <> coalesce(sums.charges, 0)
        or (state is distinct from 'rated' and sums.charges > 0)`,
  },
  {
    // A fact is worth what its latest telling says, less what lay beyond a fence, whatever was told before.
    name: 'factsAreChargedAsLastTold',
    broken: sql`
      select coalesce(sums.amount, 0) as drift
      from usage_events head left join (
        select coalesce(nullif(fact_id, ''), usage_id) as fact, sum(quantity) as quantity, sum(amount_micros) as amount
        from charges group by 1
      ) sums on sums.fact = coalesce(nullif(head.fact_id, ''), head.usage_id)
      where head.state = 'rated' and head.superseded_by is null
        and coalesce(sums.quantity, 0) <> (
          select coalesce(sum((reading -> 'quantity' ->> '$bigint')::numeric), 0)
          from jsonb_array_elements(head.body -> 'readings') reading) - head.refused_quantity`,
  },
];
