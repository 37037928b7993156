import { type SQL, sql } from 'drizzle-orm';
import { ratingChecks } from './audit-rating.ts';
import { budgetChecks } from './audit-budgets.ts';
import { commerceChecks } from './commerce/audit-commerce.ts';
import { creditChecks } from './audit-credit.ts';
import { returnChecks } from './commerce/audit-returns.ts';
import { rechargeChecks } from './recharges/audit-recharges.ts';

/** A promise of the ledger as a query: one row per place where it is broken, with how much money that is. */
export type AuditCheck = { name: string; broken: SQL };

const legSums = sql`
  select transfer_id, count(*) as legs, sum(posted_micros) as posted, sum(pending_micros) as pending
  from entries group by transfer_id`;

/** What the entries of each wallet add up to, and whether their numbers have gaps. */
const folded = sql`
  select account_id, sum(posted_micros) as posted, -sum(pending_micros) as pending,
    count(*) as entries, max(sequence) as last_sequence
  from entries where sequence is not null group by account_id`;

const ledgerChecks: AuditCheck[] = [
  {
    name: 'transfersSumToZero',
    broken: sql`
      select coalesce(abs(posted), 0) + coalesce(abs(pending), 0) as drift
      from transfers left join (${legSums}) legs on legs.transfer_id = transfers.id
      where (legs.legs, legs.posted, legs.pending) is distinct from (2::bigint, 0::numeric, 0::numeric)`,
  },
  {
    name: 'walletsEqualTheirEntries',
    broken: sql`
      select abs(posted_micros - coalesce(posted, 0)) + abs(pending_micros - coalesce(pending, 0)) as drift
      from wallets left join (${folded}) fold on fold.account_id = wallets.id
      where (posted_micros, pending_micros, sequence)
        is distinct from (coalesce(posted, 0), coalesce(pending, 0), coalesce(entries, 0))
        or coalesce(entries, 0) <> coalesce(last_sequence, 0)`,
  },
  {
    name: 'balancesRunOn',
    broken: sql`
      select abs(posted_after_micros - running) as drift from (
        select posted_after_micros, sum(posted_micros) over (partition by account_id order by sequence) as running
        from entries where sequence is not null) so_far
      where posted_after_micros <> running`,
  },
  ...rechargeChecks,
];

const holdChecks: AuditCheck[] = [
  {
    name: 'walletsHoldWhatTheirHoldsHave',
    broken: sql`
      select abs(pending_micros - coalesce(remaining, 0)) as drift
      from wallets left join (
        select wallet_id, sum(amount_micros - captured_micros - released_micros) as remaining from holds group by wallet_id
      ) held on held.wallet_id = wallets.id
      where pending_micros <> coalesce(remaining, 0)`,
  },
  {
    name: 'holdsEqualTheirTransfers',
    broken: sql`
      select abs(amount_micros - coalesce(reserved, 0)) + abs(captured_micros - coalesce(captured, 0))
        + abs(released_micros - coalesce(released, 0)) as drift
      from holds left join (
        select hold_id,
          sum(amount_micros) filter (where kind = 'pending') as reserved,
          sum(amount_micros) filter (where kind = 'post_pending') as captured,
          sum(amount_micros) filter (where kind = 'void_pending') as released
        from transfers where hold_id is not null group by hold_id
      ) booked on booked.hold_id = holds.id
      where (amount_micros, captured_micros, released_micros)
        is distinct from (coalesce(reserved, 0), coalesce(captured, 0), coalesce(released, 0))`,
  },
  {
    name: 'holdsAreNeverExceeded',
    broken: sql`
      select captured_micros + released_micros - amount_micros as drift
      from holds where captured_micros + released_micros > amount_micros`,
  },
];

/** How late the expiry loop may be: a leader's lease, a restart, a queue of holds. */
const EXPIRY_SLACK_MS = 60_000;

export function auditChecks(nowMs: number): AuditCheck[] {
  const latest = new Date(nowMs - EXPIRY_SLACK_MS).toISOString();
  const endsInTime: AuditCheck = {
    name: 'holdsEndInTime',
    broken: sql`
      select 0 as drift from holds where resolved_at is null and release_at < ${latest}::timestamptz`,
  };
  return [
    ...ledgerChecks,
    ...holdChecks,
    ...creditChecks,
    ...commerceChecks,
    ...returnChecks,
    ...budgetChecks,
    endsInTime,
    ...ratingChecks,
  ];
}
