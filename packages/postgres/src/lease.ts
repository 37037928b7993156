import { sql } from 'drizzle-orm';
import type { Database, Tx } from './database.ts';

/** Another replica leads now: whatever was being written must not be. */
export class LostLeadership extends Error {
  override name = 'LostLeadership';
}

/**
 * Locks, which make the epoch a fence: writers hold FOR KEY SHARE on the row until they commit, a take-over needs FOR
 * UPDATE, so it waits for them and later writers see the new epoch. Renewals touch no key column (FOR NO KEY UPDATE)
 * and so never wait for writers. Time is PostgreSQL's alone.
 */

/** The new epoch, or undefined while another's lease runs. */
export async function acquireLease(
  db: Database,
  lease: { name: string; holder: string; leaseMs: number },
): Promise<bigint | undefined> {
  const until = sql`clock_timestamp() + ${lease.leaseMs}::double precision * interval '1 millisecond'`;
  const taken = await db.execute<{ epoch: string }>(sql`
    with free as (
      select name from leadership where name = ${lease.name} and lease_until < clock_timestamp() for update
    )
    update leadership set holder = ${lease.holder}, epoch = leadership.epoch + 1, lease_until = ${until}
    from free where leadership.name = free.name
    returning leadership.epoch::text as epoch`);
  const first =
    taken.rows[0] ??
    (
      await db.execute<{ epoch: string }>(sql`
        insert into leadership (name, holder, epoch, lease_until) values (${lease.name}, ${lease.holder}, 1, ${until})
        on conflict (name) do nothing returning epoch::text as epoch`)
    ).rows[0];
  return first === undefined ? undefined : BigInt(first.epoch);
}

/** False when another leads. */
export async function renewLease(
  db: Database,
  lease: { name: string; epoch: bigint; leaseMs: number },
): Promise<boolean> {
  const renewed = await db.execute(sql`
    update leadership
    set lease_until = clock_timestamp() + ${lease.leaseMs}::double precision * interval '1 millisecond'
    where name = ${lease.name} and epoch = ${lease.epoch}`);
  return renewed.rowCount === 1;
}

/** Lets another lead at once; the epoch stays, so that the next one is higher. */
export async function releaseLease(db: Database, name: string, epoch: bigint): Promise<void> {
  await db.execute(sql`update leadership set lease_until = '-infinity' where name = ${name} and epoch = ${epoch}`);
}

/**
 * Throws LostLeadership unless `epoch` is still the newest, and keeps it so until this transaction ends. Call it first
 * in every transaction that only a leader may make.
 */
export async function assertLeader(tx: Tx, name: string, epoch: bigint): Promise<void> {
  const found = await tx.execute(sql`select 1 from leadership where name = ${name} and epoch = ${epoch} for key share`);
  if (found.rowCount !== 1) throw new LostLeadership(`epoch ${epoch} of ${name} is over`);
}
