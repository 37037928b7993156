import { type Database, withTransaction } from '@suanli/postgres';
import { sql } from 'drizzle-orm';

/** `ended`: it is over, and what closes its hold is yet to be done. */
export type LiveAttemptRow = { workloadId: string; epoch: number; phase: string; holdId: string | null };
export type LiveAttemptPage = { asOf: string; attempts: LiveAttemptRow[] };

type Row = { workload_id: string; epoch: number; phase: string; hold_id: string | null };

/**
 * Every attempt that money may be held for, in one read-only snapshot, page by page in the order of workload and epoch.
 * Returns the time before which nothing is missing, and how many there are.
 */
export function readLiveAttempts(
  db: Database,
  pageSize: number,
  onPage: (page: LiveAttemptPage) => void,
): Promise<{ asOf: string; total: number }> {
  return withTransaction(
    db,
    async (tx) => {
      await tx.execute(sql`set transaction read only`);
      const { rows: clock } = await tx.execute<{ ms: string }>(
        sql`select floor(extract(epoch from now()) * 1000) as ms`,
      );
      const asOf = new Date(Number(clock[0]?.ms)).toISOString();
      let after: Pick<Row, 'workload_id' | 'epoch'> = { workload_id: '', epoch: 0 };
      for (let total = 0; ; ) {
        const { rows } = await tx.execute<Row>(sql`
          select * from (
            select workload_id, epoch, phase, hold_id from attempts
            where phase in ('reserved', 'starting', 'running', 'stopping')
            union
            select a.workload_id, a.epoch, 'ended', a.hold_id
            from chores join attempts a on a.workload_id = chores.workload_id and a.epoch = chores.epoch
            where chores.kind in ('close_hold', 'abandon_hold')
              and a.phase not in ('reserved', 'starting', 'running', 'stopping')) live
          where (workload_id, epoch) > (${after.workload_id}, ${after.epoch})
          order by workload_id, epoch limit ${pageSize}`);
        total += rows.length;
        if (rows.length > 0) onPage({ asOf, attempts: rows.map(toAttempt) });
        const last = rows.at(-1);
        if (last === undefined || rows.length < pageSize) return { asOf, total };
        after = last;
      }
    },
    { isolation: 'repeatable read', attempts: 1 },
  );
}

function toAttempt({ workload_id: workloadId, epoch, phase, hold_id: holdId }: Row): LiveAttemptRow {
  return { workloadId, epoch, phase, holdId };
}
