import { constraintOf } from '@suanli/postgres';
import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import { type AttemptStore, CapacityTaken } from '../../app/stores.ts';
import { type Live, LIVE_ATTEMPT_PHASES, type Task } from '../../domain/workload/attempt.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import { fromAttempt, type Sql, toAttempt, toTask, toWorkload } from './rows.ts';
import { attempts, gpuReservations, reservations, tasks, workloads } from './schema.ts';
import { writeTasks } from './write-tasks.ts';

const NO_ROOM = ['nodes_not_over_committed', 'gpus_not_over_committed'];

export function attemptStore(db: Sql): AttemptStore {
  const isAttempt = (workloadId: string, epoch: number) =>
    and(eq(attempts.workloadId, workloadId), eq(attempts.epoch, epoch));

  /** A second statement sees what whoever held the row lock has committed; a join in the first would not. */
  async function withAttempts(
    owners: Workload[],
    phases: readonly (typeof attempts.$inferSelect)['phase'][],
  ): Promise<Live[]> {
    if (owners.length === 0) return [];
    const ids = owners.map((workload) => workload.id);
    const rows = await db
      .select()
      .from(attempts)
      .where(and(inArray(attempts.workloadId, ids), inArray(attempts.phase, [...phases])));
    const tasksOf = await tasksByAttempt(db, rows);
    return owners.flatMap((workload) => {
      const row = rows.find((candidate) => candidate.workloadId === workload.id && candidate.epoch === workload.epoch);
      return row === undefined ? [] : [{ workload, attempt: toAttempt(row), tasks: tasksOf(row) }];
    });
  }

  async function lockWorkloads(condition: ReturnType<typeof eq>): Promise<Workload[]> {
    const rows = await db.select().from(workloads).where(condition).orderBy(asc(workloads.id)).for('update');
    return rows.map(toWorkload);
  }

  const lockLive = async (condition: ReturnType<typeof eq>) =>
    withAttempts(await lockWorkloads(condition), LIVE_ATTEMPT_PHASES);
  const ownersOf = (condition: ReturnType<typeof and>) =>
    inArray(workloads.id, db.select({ id: attempts.workloadId }).from(attempts).where(condition));
  const isLive = inArray(attempts.phase, [...LIVE_ATTEMPT_PHASES]);

  return {
    lockLiveOf: (clusterId) => lockLive(ownersOf(and(eq(attempts.clusterId, clusterId), isLive))),
    lockLive: async (workloadId) => (await lockLive(eq(workloads.id, workloadId)))[0],
    lockByHold: async (holdId) => (await lockLive(ownersOf(and(eq(attempts.holdId, holdId), isLive))))[0],
    async reserved(limit) {
      const rows = await db
        .select()
        .from(attempts)
        .where(eq(attempts.phase, 'reserved'))
        .orderBy(asc(attempts.reservedAt))
        .limit(limit);
      const owners = await db
        .select()
        .from(workloads)
        .where(
          inArray(
            workloads.id,
            rows.map((row) => row.workloadId),
          ),
        );
      return withAttempts(owners.map(toWorkload), ['reserved']);
    },
    async lockReserved(workloadId, epoch) {
      const owners = await lockWorkloads(eq(workloads.id, workloadId));
      const [live] = await withAttempts(owners, ['reserved']);
      return live?.attempt.epoch === epoch ? live : undefined;
    },
    async find(workloadId, epoch) {
      const [row] = await db
        .select()
        .from(attempts)
        .innerJoin(workloads, eq(workloads.id, attempts.workloadId))
        .where(isAttempt(workloadId, epoch));
      return row && { workload: toWorkload(row.workloads), attempt: toAttempt(row.attempts) };
    },
    reserve: (live) => reserve(db, live),
    async undo({ workload, attempt }) {
      await release(db, workload.id, attempt.epoch);
      await db.delete(tasks).where(and(eq(tasks.workloadId, workload.id), eq(tasks.epoch, attempt.epoch)));
      await db.delete(attempts).where(isAttempt(workload.id, attempt.epoch));
    },
    async saveAttempt({ workload, attempt }) {
      const { workloadId, epoch, ...row } = fromAttempt(workload.id, attempt);
      await db.update(attempts).set(row).where(isAttempt(workloadId, epoch));
    },
    saveTasks: (before, after) => writeTasks(db, before, after),
    release: (workloadId, epoch) => release(db, workloadId, epoch),
    async dueForFunding(now, limit) {
      const rows = await db
        .select({ id: attempts.workloadId })
        .from(attempts)
        .where(and(inArray(attempts.phase, ['starting', 'running']), lte(attempts.extendAt, new Date(now))))
        .orderBy(asc(attempts.extendAt))
        .limit(limit);
      const owners = await db
        .select()
        .from(workloads)
        .where(
          inArray(
            workloads.id,
            rows.map((row) => row.id),
          ),
        );
      return withAttempts(owners.map(toWorkload), ['starting', 'running']);
    },
  };
}

export async function tasksByAttempt(
  db: Sql,
  of: readonly { workloadId: string; epoch: number }[],
): Promise<(attempt: { workloadId: string; epoch: number }) => Task[]> {
  if (of.length === 0) return () => [];
  const ids = sql.param(of.map((attempt) => attempt.workloadId));
  const epochs = sql.param(of.map((attempt) => attempt.epoch));
  const rows = await db
    .select()
    .from(tasks)
    .where(sql`(${tasks.workloadId}, ${tasks.epoch}) in (select * from unnest(${ids}::text[], ${epochs}::int[]))`)
    .orderBy(asc(tasks.index));
  const grouped = Map.groupBy(rows, (row) => `${row.workloadId}:${row.epoch}`);
  return ({ workloadId, epoch }) => (grouped.get(`${workloadId}:${epoch}`) ?? []).map(toTask);
}

/** The rows of one attempt; the triggers on reservations refuse what does not fit. */
async function reserve(db: Sql, { workload, attempt, tasks: placed }: Live): Promise<void> {
  const { id: workloadId, epoch, spec } = workload;
  const { clusterId } = attempt;
  await db.update(workloads).set({ epoch }).where(eq(workloads.id, workloadId));
  await db.insert(attempts).values(fromAttempt(workloadId, attempt));
  await db
    .insert(tasks)
    .values(
      placed.map(({ index, phase, nodeId, gpus }) => ({ workloadId, epoch, index, phase, nodeId, gpus: [...gpus] })),
    );
  const { milliCpus, memoryBytes } = spec;
  const shares = placed.flatMap(({ index: taskIndex, gpus }) =>
    gpus.map(({ gpuId, milliGpus }) => ({ workloadId, epoch, taskIndex, clusterId, gpuId, milliGpus })),
  );
  try {
    await db.insert(reservations).values(
      placed.map(({ index: taskIndex, nodeId }) => ({
        workloadId,
        epoch,
        taskIndex,
        clusterId,
        nodeId,
        milliCpus,
        memoryBytes,
      })),
    );
    if (shares.length > 0) await db.insert(gpuReservations).values(shares);
  } catch (error) {
    if (NO_ROOM.includes(constraintOf(error) ?? '')) throw new CapacityTaken(`${workloadId}: ${constraintOf(error)}`);
    throw error;
  }
}

async function release(db: Sql, workloadId: string, epoch: number): Promise<void> {
  const { workloadId: owner, epoch: of } = gpuReservations;
  await db.delete(gpuReservations).where(and(eq(owner, workloadId), eq(of, epoch)));
  await db.delete(reservations).where(and(eq(reservations.workloadId, workloadId), eq(reservations.epoch, epoch)));
}
