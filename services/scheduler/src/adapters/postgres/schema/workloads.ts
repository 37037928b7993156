import { desc, sql } from 'drizzle-orm';
import {
  bigint,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { JobSpec } from '../../../domain/job/job-spec.ts';
import type { Reason } from '../../../domain/job/reason.ts';
import type { AttemptPhase, GpuShare, TaskPhase } from '../../../domain/workload/attempt.ts';
import type { Phase } from '../../../domain/workload/phase-machine.ts';
import type { StopCause } from '../../../domain/workload/workload.ts';
import { instant } from './columns.ts';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const workloads = pgTable(
  'workloads',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<'job'>().notNull(),
    accountId: text('account_id').notNull(),
    subAccountId: text('sub_account_id'),
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    spec: jsonb('spec').$type<JobSpec>().notNull(),
    phase: text('phase').$type<Phase>().notNull(),
    reason: jsonb('reason').$type<Reason>().notNull(),
    epoch: integer('epoch').notNull().default(0),
    requeues: integer('requeues').notNull().default(0),
    stopCause: text('stop_cause').$type<StopCause>(),
    exitCode: integer('exit_code'),
    queuePosition: integer('queue_position').notNull().default(0),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
    eligibleAt: instant('eligible_at').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('workloads_of_workspace').on(t.accountId, t.workspaceId, desc(t.id)),
    index('workloads_pending').on(t.createdAt, t.id).where(sql`phase = 'pending'`),
    index('workloads_pending_of_account').on(t.accountId).where(sql`phase = 'pending'`),
    check(
      'workloads_phase',
      sql`${t.phase} in ('pending', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled')`,
    ),
    check(
      'workloads_finished',
      sql`(${t.phase} in ('succeeded', 'failed', 'cancelled')) = (${t.finishedAt} is not null)`,
    ),
  ],
);

/** Times and money of one start of a workload. An attempt whose hold was refused leaves no row. */
export const attempts = pgTable(
  'attempts',
  {
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    region: text('region').notNull(),
    clusterId: text('cluster_id').notNull(),
    sku: text('sku').notNull(),
    phase: text('phase').$type<AttemptPhase>().notNull(),
    reason: jsonb('reason').$type<Reason>(),
    priceMeter: text('price_meter').notNull(),
    priceId: text('price_id').notNull(),
    priceAmountMicros: bigint('price_amount_micros', { mode: 'bigint' }).notNull(),
    pricePerQuantity: bigint('price_per_quantity', { mode: 'bigint' }).notNull(),
    holdId: text('hold_id'),
    holdMicros: bigint('hold_micros', { mode: 'bigint' }).notNull(),
    holdExpiresAt: instant('hold_expires_at').notNull(),
    fundedUntil: instant('funded_until').notNull(),
    /** When the next extension is due. */
    extendAt: instant('extend_at').notNull(),
    lastUsageId: text('last_usage_id'),
    jobKey: text('job_key'),
    reservedAt: instant('reserved_at').notNull(),
    boundAt: instant('bound_at'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    fencedAt: instant('fenced_at'),
  },
  (t) => [
    primaryKey({ columns: [t.workloadId, t.epoch] }),
    uniqueIndex('attempts_one_live')
      .on(t.workloadId)
      .where(sql`phase in ('reserved', 'starting', 'running', 'stopping')`),
    index('attempts_reserved').on(t.reservedAt).where(sql`phase = 'reserved'`),
    index('attempts_hold').on(t.holdId),
    index('attempts_live').on(t.clusterId).where(sql`phase in ('starting', 'running', 'stopping')`),
    index('attempts_funding').on(t.extendAt).where(sql`phase in ('starting', 'running')`),
  ],
);

export const tasks = pgTable(
  'tasks',
  {
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    index: integer('index').notNull(),
    phase: text('phase').$type<TaskPhase>().notNull(),
    nodeId: text('node_id').notNull(),
    gpus: jsonb('gpus').$type<GpuShare[]>().notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    runMs: bigint('run_ms', { mode: 'number' }).notNull().default(0),
    chargedMs: bigint('charged_ms', { mode: 'number' }).notNull().default(0),
    exitCode: integer('exit_code'),
    signal: text('signal'),
    endCause: text('end_cause'),
    message: text('message'),
    published: jsonb('published').$type<Record<string, string>>().notNull().default({}),
    logBytes: bigint('log_bytes', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.workloadId, t.epoch, t.index] }),
    check('tasks_charged', sql`${t.chargedMs} between 0 and ${t.runMs}`),
  ],
);

/** The log of one task: chunks that follow each other without gap or overlap. */
export const logChunks = pgTable(
  'log_chunks',
  {
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    taskIndex: integer('task_index').notNull(),
    offset: bigint('offset', { mode: 'number' }).notNull(),
    data: bytes('data').notNull(),
    loggedAt: instant('logged_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workloadId, t.epoch, t.taskIndex, t.offset] })],
);

/** What must still be done outside this database. A row is deleted once its effect has happened. */
export const chores = pgTable(
  'chores',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<'issue_key' | 'revoke_key' | 'close_hold' | 'abandon_hold'>().notNull(),
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    failures: integer('failures').notNull().default(0),
    dueAt: instant('due_at').notNull(),
  },
  (t) => [index('chores_due').on(t.dueAt)],
);

/** How accounts stand that were ever in arrears, as billing last told. */
export const accountStandings = pgTable(
  'account_standings',
  {
    accountId: text('account_id').primaryKey(),
    state: text('state').notNull(),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [index('account_standings_suspended').on(t.accountId).where(sql`state in ('suspended', 'deleting')`)],
);

/** Recent use of an account in GPU-milliseconds, as it was at `asOf`; it halves with time. */
export const accountUse = pgTable('account_use', {
  accountId: text('account_id').primaryKey(),
  gpuMs: doublePrecision('gpu_ms').notNull(),
  asOf: instant('as_of').notNull(),
});
