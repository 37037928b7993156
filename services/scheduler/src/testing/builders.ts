import type { PendingWorkload, Snapshot } from '../domain/cycle/snapshot.ts';
import type { JobSpec } from '../domain/job/job-spec.ts';
import { reason } from '../domain/job/reason.ts';
import type { ClusterSpace, NodeSpace } from '../domain/placement/space.ts';
import type { Attempt, Live, Price, Task } from '../domain/workload/attempt.ts';
import type { Workload } from '../domain/workload/workload.ts';

export const NOW = 1_800_000_000_000;
export const A_PRICE: Price = {
  meter: 'gpu_time',
  priceId: 'prc_1',
  amountMicros: 3_600_000n,
  perQuantity: 3_600_000_000n,
};

export function aSpec(fields: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'train',
    command: ['node', 'train.mjs'],
    env: {},
    workingDir: '',
    taskCount: 1,
    milliGpus: 1000,
    milliCpus: 500,
    memoryBytes: 2 ** 30,
    skus: [],
    regions: [],
    maxRunSeconds: 3_600,
    maxRequeues: 1,
    graceSeconds: 5,
    mounts: [],
    priority: 0,
    onDisconnect: 'kill',
    disconnectGraceSeconds: 0,
    externalKey: '',
    ...fields,
  };
}

export function aWorkload(fields: Partial<Workload> = {}): Workload {
  return {
    id: 'job_1',
    kind: 'job',
    tenant: { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'usr_1' },
    spec: aSpec(),
    phase: 'running',
    reason: reason('started'),
    epoch: 1,
    requeues: 0,
    createdAt: NOW,
    eligibleAt: NOW,
    queuePosition: 0,
    version: 3n,
    ...fields,
  };
}

export function anAttempt(fields: Partial<Attempt> = {}): Attempt {
  return {
    epoch: 1,
    region: 'north',
    clusterId: 'north-1',
    sku: 'gpu.big',
    phase: 'running',
    price: A_PRICE,
    reservedAt: NOW,
    boundAt: NOW,
    holdId: 'hld_1',
    holdMicros: 100_000n,
    holdExpiresAt: NOW + 100_000,
    fundedUntil: NOW + 90_000,
    extendAt: NOW + 30_000,
    jobKey: 'sjk_1',
    ...fields,
  };
}

export function aTask(fields: Partial<Task> = {}): Task {
  return {
    index: 0,
    phase: 'running',
    nodeId: 'n1',
    gpus: [{ gpuId: 'n1-0', deviceIndex: 0, milliGpus: 1000 }],
    ...(fields.phase !== 'assigned' && { startedAt: NOW }),
    runMs: 0,
    chargedMs: 0,
    published: {},
    logBytes: 0,
    ...fields,
  };
}

/** A workload that runs, with one task for each of `tasks`. */
export function aLive(
  tasks: Partial<Task>[] = [{}],
  workload: Partial<Workload> = {},
  attempt: Partial<Attempt> = {},
): Live {
  return {
    workload: aWorkload({ spec: aSpec({ taskCount: tasks.length }), ...workload }),
    attempt: anAttempt(attempt),
    tasks: tasks.map((fields, index) => aTask({ index, ...fields })),
  };
}

export function aNodeSpace(
  fields: Partial<NodeSpace> & { gpuMillis?: readonly number[]; sku?: string } = {},
): NodeSpace {
  const { gpuMillis = [1000, 1000, 1000, 1000], sku = 'gpu.big', ...node } = fields;
  const nodeId = node.nodeId ?? 'n1';
  return {
    clusterId: 'north-1',
    nodeId,
    freeMilliCpus: 16_000,
    freeMemoryBytes: 64 * 2 ** 30,
    gpus: gpuMillis.map((freeMilli, deviceIndex) => ({
      gpuId: `${nodeId}-${deviceIndex}`,
      deviceIndex,
      sku,
      freeMilli,
    })),
    ...node,
  };
}

export function aCluster(nodes: NodeSpace[], fields: Partial<ClusterSpace> = {}): ClusterSpace {
  return { clusterId: 'north-1', region: 'north', isOnline: true, nodes, ...fields };
}

export function aPending(fields: Partial<PendingWorkload> & { spec?: JobSpec } = {}): PendingWorkload {
  return {
    id: 'job_1',
    accountId: 'acc_1',
    spec: aSpec(),
    reason: reason('queued'),
    queuePosition: 0,
    createdAt: NOW,
    eligibleAt: NOW,
    ...fields,
  };
}

export function aSnapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return {
    now: NOW,
    clusters: [aCluster([aNodeSpace()])],
    skus: ['gpu.big'],
    suspended: new Set(),
    pending: [],
    recentUse: new Map(),
    priceOf: () => A_PRICE,
    ...fields,
  };
}
