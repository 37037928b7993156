import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** What there is to run on: declared by the catalogue, then told by the agents. */

export const regions = pgTable('regions', {
  region: text('region').primaryKey(),
  displayName: text('display_name').notNull(),
});

export const clusters = pgTable('clusters', {
  clusterId: text('cluster_id').primaryKey(),
  region: text('region').notNull(),
  displayName: text('display_name').notNull(),
  supplierAccountId: text('supplier_account_id').notNull().default(''),
  /** No longer in the catalogue: what runs there ends, nothing new begins. */
  isDraining: boolean('is_draining').notNull().default(false),
  driver: text('driver').notNull().default(''),
  isolation: text('isolation').notNull().default(''),
  /** Of the agent that synced last, and its newest sync. */
  instanceId: text('instance_id').notNull().default(''),
  sequence: bigint('sequence', { mode: 'bigint' }).notNull().default(sql`0`),
  /** What the nodes said last, so that an unchanged report writes nothing. */
  nodesHash: text('nodes_hash').notNull().default(''),
  /** Start of the lease; null: never seen. */
  lastSyncAt: instant('last_sync_at'),
  /** Its silence was acted on; null again after the next sync. */
  lostAt: instant('lost_at'),
});

export const skus = pgTable('skus', {
  sku: text('sku').primaryKey(),
  displayName: text('display_name').notNull(),
  gpuModel: text('gpu_model').notNull().unique(),
  gpuMemoryBytes: bigint('gpu_memory_bytes', { mode: 'number' }).notNull(),
});

/** `used_*` is kept by the trigger on reservations alone; it refuses what would not fit. */
export const nodes = pgTable(
  'nodes',
  {
    clusterId: text('cluster_id').notNull(),
    nodeId: text('node_id').notNull(),
    milliCpus: integer('milli_cpus').notNull(),
    memoryBytes: bigint('memory_bytes', { mode: 'number' }).notNull(),
    labels: jsonb('labels').$type<Record<string, string>>().notNull().default({}),
    /** False: the agent does not report it any more. */
    isPresent: boolean('is_present').notNull().default(true),
    usedMilliCpus: integer('used_milli_cpus').notNull().default(0),
    usedMemoryBytes: bigint('used_memory_bytes', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.clusterId, t.nodeId] }),
    check('nodes_used', sql`${t.usedMilliCpus} >= 0 and ${t.usedMemoryBytes} >= 0`),
  ],
);

export const gpus = pgTable(
  'gpus',
  {
    clusterId: text('cluster_id').notNull(),
    gpuId: text('gpu_id').notNull(),
    nodeId: text('node_id').notNull(),
    deviceIndex: integer('device_index').notNull(),
    model: text('model').notNull(),
    memoryBytes: bigint('memory_bytes', { mode: 'number' }).notNull(),
    isHealthy: boolean('is_healthy').notNull(),
    isPresent: boolean('is_present').notNull().default(true),
    usedMilli: integer('used_milli').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.clusterId, t.gpuId] }),
    check('gpus_not_over_committed', sql`${t.usedMilli} between 0 and 1000`),
  ],
);

/** Capacity that a task of a live attempt has. A row exists exactly as long as the capacity is taken. */
export const reservations = pgTable(
  'reservations',
  {
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    taskIndex: integer('task_index').notNull(),
    clusterId: text('cluster_id').notNull(),
    nodeId: text('node_id').notNull(),
    milliCpus: integer('milli_cpus').notNull(),
    memoryBytes: bigint('memory_bytes', { mode: 'number' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.workloadId, t.epoch, t.taskIndex] }),
    check('reservations_positive', sql`${t.milliCpus} > 0 and ${t.memoryBytes} > 0`),
  ],
);

export const gpuReservations = pgTable(
  'gpu_reservations',
  {
    workloadId: text('workload_id').notNull(),
    epoch: integer('epoch').notNull(),
    taskIndex: integer('task_index').notNull(),
    clusterId: text('cluster_id').notNull(),
    gpuId: text('gpu_id').notNull(),
    milliGpus: integer('milli_gpus').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.workloadId, t.epoch, t.taskIndex, t.gpuId] }),
    index('gpu_reservations_gpu').on(t.clusterId, t.gpuId),
    check('gpu_reservations_share', sql`${t.milliGpus} between 1 and 1000`),
  ],
);
