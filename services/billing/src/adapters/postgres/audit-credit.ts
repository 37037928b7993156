import { sql } from 'drizzle-orm';
import type { AuditCheck } from './audit-checks.ts';

/** What the parts of its transfers add up to, by lot. */
const folded = sql`
  select parts.lot_id,
    sum(case when t.kind in ('post', 'post_pending', 'reversal') then sign * parts.amount_micros else 0 end) as remaining,
    sum(case t.kind when 'pending' then parts.amount_micros when 'post_pending' then -parts.amount_micros
      when 'void_pending' then -parts.amount_micros else 0 end) as reserved,
    sum(case t.code when 'breakage' then parts.amount_micros else 0 end) as broken
  from transfer_lots parts join transfers t on t.id = parts.transfer_id join credit_lots lot on lot.id = parts.lot_id
  cross join lateral (select case when t.from_account_id = lot.wallet_id then -1 else 1 end as sign) side
  group by parts.lot_id`;

/** What holds say they have set aside of lots, and what their transfers say. */
const shares = sql`
  select holds.id as hold_id, share ->> 'lotId' as lot_id,
    (share -> 'reservedMicros' ->> '$bigint')::numeric as reserved,
    (share -> 'capturedMicros' ->> '$bigint')::numeric as captured,
    (share -> 'releasedMicros' ->> '$bigint')::numeric as released
  from holds cross join lateral jsonb_array_elements(holds.lot_shares) share`;
const bookedShares = sql`
  select t.hold_id, parts.lot_id,
    coalesce(sum(parts.amount_micros) filter (where t.kind = 'pending'), 0) as reserved,
    coalesce(sum(parts.amount_micros) filter (where t.kind = 'post_pending'), 0) as captured,
    coalesce(sum(parts.amount_micros) filter (where t.kind = 'void_pending'), 0) as released
  from transfer_lots parts join transfers t on t.id = parts.transfer_id
  where t.hold_id is not null group by t.hold_id, parts.lot_id`;

export const creditChecks: AuditCheck[] = [
  {
    name: 'lotsEqualTheirTransfers',
    broken: sql`
      select abs(lot.remaining_micros - coalesce(fold.remaining, 0)) + abs(lot.reserved_micros - coalesce(fold.reserved, 0))
        + abs(lot.broken_micros - coalesce(fold.broken, 0)) as drift
      from credit_lots lot left join (${folded}) fold on fold.lot_id = lot.id
      where (lot.remaining_micros, lot.reserved_micros, lot.broken_micros)
        is distinct from (coalesce(fold.remaining, 0), coalesce(fold.reserved, 0), coalesce(fold.broken, 0))`,
  },
  {
    name: 'walletsEqualTheirLots',
    broken: sql`
      select abs(lot_remaining_micros - coalesce(remaining, 0)) + abs(lot_reserved_micros - coalesce(reserved, 0)) as drift
      from wallets left join (
        select wallet_id, sum(remaining_micros) as remaining, sum(reserved_micros) as reserved, count(*) as lots
        from credit_lots group by wallet_id
      ) sums on sums.wallet_id = wallets.id
      where (lot_remaining_micros, lot_reserved_micros, lot_count)
        is distinct from (coalesce(remaining, 0), coalesce(reserved, 0), coalesce(lots, 0))`,
  },
  {
    name: 'cashKeepsItsFloor',
    broken: sql`
      select abs(posted_micros - lot_remaining_micros - pending_micros + lot_reserved_micros + overdraft_micros) as drift
      from wallets
      where posted_micros - lot_remaining_micros - (pending_micros - lot_reserved_micros) < -overdraft_micros
        or lot_reserved_micros > pending_micros`,
  },
  {
    name: 'partsFitTheirTransfers',
    broken: sql`
      select greatest(sum(parts.amount_micros) - t.amount_micros, 0) as drift
      from transfer_lots parts join transfers t on t.id = parts.transfer_id join credit_lots lot on lot.id = parts.lot_id
      group by t.id
      having sum(parts.amount_micros) > t.amount_micros
        or bool_or(parts.reference <> t.reference or lot.wallet_id not in (t.from_account_id, t.to_account_id))`,
  },
  {
    name: 'holdsEqualTheirLots',
    broken: sql`
      select abs(coalesce(said.reserved, 0) - coalesce(booked.reserved, 0))
        + abs(coalesce(said.captured, 0) - coalesce(booked.captured, 0))
        + abs(coalesce(said.released, 0) - coalesce(booked.released, 0)) as drift
      from (${shares}) said full join (${bookedShares}) booked using (hold_id, lot_id)
      where (said.reserved, said.captured, said.released) is distinct from (booked.reserved, booked.captured, booked.released)`,
  },
  {
    name: 'vouchersEqualTheirRedemptions',
    broken: sql`
      select 0 as drift from voucher_codes left join (
        select code_hash, count(*) as redeemed from voucher_redemptions group by code_hash
      ) counted using (code_hash)
      where voucher_codes.redemptions <> coalesce(redeemed, 0)`,
  },
];
