import type { Database, Tx } from '@suanli/postgres';
import type { Attempt, Task } from '../../domain/workload/attempt.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import type { attempts, tasks, workloads } from './schema.ts';

/** Where statements go: an open transaction, or the pool for single reads. */
export type Sql = Tx | Database;

type WorkloadRow = typeof workloads.$inferSelect;
type AttemptRow = typeof attempts.$inferSelect;
type TaskRow = typeof tasks.$inferSelect;

/** Drops what is null, so that optional fields are absent. */
function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never;
}

const ms = (date: Date | null) => (date === null ? null : date.getTime());
const date = (instant: number | undefined) => (instant === undefined ? null : new Date(instant));

export function toWorkload(row: WorkloadRow): Workload {
  const { accountId, subAccountId, workspaceId, principalId } = row;
  return {
    id: row.id,
    kind: row.kind,
    tenant: { accountId, ...present({ subAccountId }), workspaceId, principalId },
    spec: row.spec,
    phase: row.phase,
    reason: row.reason,
    epoch: row.epoch,
    requeues: row.requeues,
    createdAt: row.createdAt.getTime(),
    eligibleAt: row.eligibleAt.getTime(),
    queuePosition: row.queuePosition,
    version: row.version,
    ...present({
      stopCause: row.stopCause,
      exitCode: row.exitCode,
      startedAt: ms(row.startedAt),
      finishedAt: ms(row.finishedAt),
    }),
  };
}

export function fromWorkload(workload: Workload): WorkloadRow {
  const { tenant } = workload;
  return {
    id: workload.id,
    kind: workload.kind,
    accountId: tenant.accountId,
    subAccountId: tenant.subAccountId ?? null,
    workspaceId: tenant.workspaceId,
    principalId: tenant.principalId,
    spec: workload.spec,
    ...changingOf(workload),
    version: workload.version,
    createdAt: new Date(workload.createdAt),
  };
}

/** What may change after a workload was stored. */
export function changingOf(workload: Workload) {
  return {
    phase: workload.phase,
    reason: workload.reason,
    epoch: workload.epoch,
    requeues: workload.requeues,
    stopCause: workload.stopCause ?? null,
    exitCode: workload.exitCode ?? null,
    queuePosition: workload.queuePosition,
    version: workload.version,
    eligibleAt: new Date(workload.eligibleAt),
    startedAt: date(workload.startedAt),
    finishedAt: date(workload.finishedAt),
  };
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    epoch: row.epoch,
    region: row.region,
    clusterId: row.clusterId,
    sku: row.sku,
    phase: row.phase,
    price: {
      meter: row.priceMeter,
      priceId: row.priceId,
      amountMicros: row.priceAmountMicros,
      perQuantity: row.pricePerQuantity,
    },
    reservedAt: row.reservedAt.getTime(),
    holdMicros: row.holdMicros,
    holdExpiresAt: row.holdExpiresAt.getTime(),
    fundedUntil: row.fundedUntil.getTime(),
    extendAt: row.extendAt.getTime(),
    ...present({
      reason: row.reason,
      boundAt: ms(row.boundAt),
      startedAt: ms(row.startedAt),
      finishedAt: ms(row.finishedAt),
      fencedAt: ms(row.fencedAt),
      holdId: row.holdId,
      lastUsageId: row.lastUsageId,
      jobKey: row.jobKey,
    }),
  };
}

export function fromAttempt(workloadId: string, attempt: Attempt): AttemptRow {
  return {
    workloadId,
    epoch: attempt.epoch,
    region: attempt.region,
    clusterId: attempt.clusterId,
    sku: attempt.sku,
    phase: attempt.phase,
    reason: attempt.reason ?? null,
    priceMeter: attempt.price.meter,
    priceId: attempt.price.priceId,
    priceAmountMicros: attempt.price.amountMicros,
    pricePerQuantity: attempt.price.perQuantity,
    holdId: attempt.holdId ?? null,
    holdMicros: attempt.holdMicros,
    holdExpiresAt: new Date(attempt.holdExpiresAt),
    fundedUntil: new Date(attempt.fundedUntil),
    extendAt: new Date(attempt.extendAt),
    lastUsageId: attempt.lastUsageId ?? null,
    jobKey: attempt.jobKey ?? null,
    reservedAt: new Date(attempt.reservedAt),
    boundAt: date(attempt.boundAt),
    startedAt: date(attempt.startedAt),
    finishedAt: date(attempt.finishedAt),
    fencedAt: date(attempt.fencedAt),
  };
}

export function toTask(row: TaskRow): Task {
  const { index, phase, nodeId, gpus, runMs, chargedMs, published, logBytes } = row;
  return {
    ...{ index, phase, nodeId, gpus, runMs, chargedMs, published, logBytes },
    ...present({
      startedAt: ms(row.startedAt),
      finishedAt: ms(row.finishedAt),
      exitCode: row.exitCode,
      signal: row.signal,
      endCause: row.endCause,
      message: row.message,
    }),
  };
}
