import type { Instant, TenantPath } from '@suanli/kernel';
import type { Change } from '../domain/attempt/settle.ts';
import type { UsageWindow } from '../domain/attempt/usage.ts';
import type { PendingWorkload, Waiting } from '../domain/cycle/snapshot.ts';
import type { KnownCluster } from '../domain/placement/feasibility.ts';
import type { ClusterSpace } from '../domain/placement/space.ts';
import type { Attempt, Live, Task } from '../domain/workload/attempt.ts';
import type { Phase } from '../domain/workload/phase-machine.ts';
import type { Workload } from '../domain/workload/workload.ts';

/** A job as its owner sees it. */
export type JobView = { workload: Workload; attempts: { attempt: Attempt; tasks: Task[] }[] };

export type Page = { limit: number; cursor: string };
export type PageOf<T> = { items: T[]; nextCursor: string };

/** Workloads with their attempts. What takes a tenant finds nothing of another's. */
export interface WorkloadStore {
  insert(workload: Workload): Promise<void>;
  view(tenant: TenantPath, id: string): Promise<JobView | undefined>;
  list(tenant: TenantPath, page: Page, phases: readonly string[]): Promise<PageOf<JobView>>;
  /** The phase and version alone: what a watcher asks every second. */
  /** What an earlier request with this id made; `conflict` when its body was another. */
  rememberedJob(key: {
    scope: string;
    requestId: string;
    bodyHash: string;
  }): Promise<{ jobId: string } | 'conflict' | undefined>;
  versionOf(tenant: TenantPath, id: string): Promise<{ version: bigint; phase: Phase; epoch: number } | undefined>;
  /** Locks the row. */
  lock(id: string): Promise<Workload | undefined>;
  save(workload: Workload): Promise<void>;
  /** Those without an attempt under way, oldest first. */
  pending(limit: number): Promise<PendingWorkload[]>;
  saveWaiting(waiting: readonly Waiting[]): Promise<void>;
  /** Lets those that wait for money, or for the account to be restored, be looked at again. */
  wakeUnfunded(accountId: string, now: Instant): Promise<void>;
}

/** The present attempt of workloads. Locks are taken in the order of workload ids. */
export interface AttemptStore {
  lockLiveOf(clusterId: string): Promise<Live[]>;
  lockLive(workloadId: string): Promise<Live | undefined>;
  lockByHold(holdId: string): Promise<Live | undefined>;
  /** Capacity is taken, the answer of billing is not recorded. Oldest first. */
  reserved(limit: number): Promise<Live[]>;
  lockReserved(workloadId: string, epoch: number): Promise<Live | undefined>;
  find(workloadId: string, epoch: number): Promise<{ workload: Workload; attempt: Attempt } | undefined>;
  /** Stores attempt, tasks and reservations; throws CapacityTaken when something of it is gone. */
  reserve(live: Live): Promise<void>;
  /** Forgets an attempt that was never bound. */
  undo(live: Live): Promise<void>;
  saveAttempt(live: Live): Promise<void>;
  saveTasks(before: Live, after: Live): Promise<void>;
  release(workloadId: string, epoch: number): Promise<void>;
  /** Attempts whose money must be extended by `now`. */
  dueForFunding(now: Instant, limit: number): Promise<Live[]>;
}

export class CapacityTaken extends Error {
  override name = 'CapacityTaken';
}

export type ClusterRow = {
  clusterId: string;
  region: string;
  instanceId: string;
  sequence: bigint;
  nodesHash: string;
  lastSyncAt?: Instant;
  lostAt?: Instant;
};

export type NodeReport = {
  nodeId: string;
  milliCpus: number;
  memoryBytes: number;
  labels: Record<string, string>;
  gpus: { gpuId: string; deviceIndex: number; model: string; memoryBytes: number; isHealthy: boolean }[];
};

export type SyncMark = { instanceId: string; sequence: bigint; driver: string; isolation: string; nodesHash: string };

export interface ClusterStore {
  /** PostgreSQL's clock: the one that leases and fences are reckoned in. */
  now(): Promise<Instant>;
  /** Locks the row: syncs and fences of one cluster take turns. */
  lock(clusterId: string): Promise<ClusterRow | undefined>;
  recordSync(clusterId: string, mark: SyncMark, now: Instant): Promise<void>;
  replaceNodes(clusterId: string, nodes: readonly NodeReport[]): Promise<void>;
  nodeIds(clusterId: string): Promise<string[]>;
  markLost(clusterId: string, now: Instant): Promise<void>;
  /** Those that have not synced for so long and were not marked lost, or still have live attempts. */
  silentFor(silentMs: number): Promise<string[]>;
  /** Free capacity; online = synced within `leaseMs`. */
  spaces(leaseMs: number): Promise<ClusterSpace[]>;
  /** Clusters at full size, as last known. */
  known(): Promise<KnownCluster[]>;
  skus(): Promise<string[]>;
}

export type LogChunk = {
  workloadId: string;
  epoch: number;
  taskIndex: number;
  offset: number;
  data: Uint8Array;
  loggedAt: Instant;
};
export type StoredChunk = { offset: number; data: Uint8Array; loggedAt: Instant };

export interface LogStore {
  /** Bytes stored of a task's log, locked; undefined when the task never was on this cluster. */
  lockTask(clusterId: string, key: Pick<LogChunk, 'workloadId' | 'epoch' | 'taskIndex'>): Promise<number | undefined>;
  append(chunk: LogChunk): Promise<void>;
  /** What follows `fromOffset`, at most `maxBytes` beyond the first chunk. */
  read(
    key: Pick<LogChunk, 'workloadId' | 'epoch' | 'taskIndex'>,
    fromOffset: number,
    maxBytes: number,
  ): Promise<StoredChunk[]>;
  size(key: Pick<LogChunk, 'workloadId' | 'epoch' | 'taskIndex'>): Promise<number>;
}

export type ChoreKind = 'issue_key' | 'revoke_key' | 'close_hold' | 'abandon_hold';
export type Chore = { id: string; kind: ChoreKind; workloadId: string; epoch: number; failures: number };

/** Effects outside this database that must happen after a commit. At most one of a kind for an attempt. */
export interface ChoreStore {
  add(kind: ChoreKind, workloadId: string, epoch: number, now: Instant): Promise<void>;
  due(now: Instant, limit: number): Promise<Chore[]>;
  done(id: string): Promise<void>;
  postpone(id: string, dueAt: Instant): Promise<void>;
}

export interface UseStore {
  add(use: readonly { accountId: string; gpuMs: number }[], now: Instant): Promise<void>;
  recent(now: Instant): Promise<Map<string, number>>;
}

export type AccountStanding = { accountId: string; state: string; version: bigint };

/** Accounts in arrears, as billing last told. An account that is not here stands well. */
export interface StandingStore {
  /** False when a newer one is known: events come in any order. */
  record(standing: AccountStanding, now: Instant): Promise<boolean>;
  suspended(): Promise<ReadonlySet<string>>;
  /** Workloads of suspended accounts that run, and those that wait in accounts that are to be deleted. */
  toStop(limit: number): Promise<{ workloadId: string; phase: Phase }[]>;
}

/** Facts, stored with the change that they tell of. */
export interface EventLog {
  phaseChanged(live: { workload: Workload; attempt?: Attempt }, now: Instant): Promise<void>;
  usageRecorded(live: Change['after'], usage: readonly UsageWindow[]): Promise<void>;
  /** Tells billing until when the epoch is charged. */
  fenced(live: Change['after'], now: Instant): Promise<void>;
  nodesChanged(verb: 'lost' | 'returned', clusterId: string, nodeIds: readonly string[], now: Instant): Promise<void>;
}

/** Everything that one transaction may touch. */
export type Stores = {
  workloads: WorkloadStore;
  attempts: AttemptStore;
  clusters: ClusterStore;
  logs: LogStore;
  chores: ChoreStore;
  use: UseStore;
  standings: StandingStore;
  events: EventLog;
};
