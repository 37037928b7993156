import { reason, type Reason } from '../job/reason.ts';
import { placeGang } from '../placement/place-gang.ts';
import { chooseDevices, type ClusterSpace } from '../placement/space.ts';
import type { PlacementStrategy } from '../placement/strategy.ts';
import { type Blocks, type Candidate, nominate, type Nomination, offersOf } from './nominate.ts';
import { orderByFairShare } from './order.ts';
import type { Admission, CycleResult, PendingWorkload, Snapshot, Waiting } from './snapshot.ts';

export type CyclePolicy = {
  strategy: PlacementStrategy;
  /** A job that has waited this long keeps later ones off the cluster and SKU that suit it best. */
  starvationMs: number;
  /** Workloads admitted in one cycle. */
  maxAdmissions: number;
};

/**
 * Decides one cycle: nominate, order, admit in one pass. Capacity taken earlier in the pass is gone for what follows,
 * and a blocked workload never blocks those behind it, except where it has starved.
 */
export function runCycle(snapshot: Snapshot, policy: CyclePolicy): CycleResult {
  const ordered = orderByFairShare(snapshot.pending, snapshot.recentUse);
  const offers = offersOf(snapshot.clusters);
  const pass: Pass = { snapshot, policy, kept: new Set(), misfits: new Set() };
  const admissions: Admission[] = [];
  const waiting: Waiting[] = [];
  for (const workload of ordered) {
    const nomination = nominate(workload, snapshot, offers);
    const outcome: Outcome =
      admissions.length >= policy.maxAdmissions ? { kind: 'waits', reason: workload.reason } : admit(nomination, pass);
    if (outcome.kind === 'admitted') admissions.push(outcome.admission);
    else waiting.push({ workloadId: workload.id, reason: outcome.reason, queuePosition: waiting.length + 1 });
  }
  return { admissions, waiting };
}

type Outcome = { kind: 'admitted'; admission: Admission } | { kind: 'waits'; reason: Reason };

type Pass = {
  snapshot: Snapshot;
  policy: CyclePolicy;
  /** `<cluster>/<sku>` kept for a starved workload. */
  kept: Set<string>;
  /** Shapes known not to fit any more in this pass: capacity only shrinks. */
  misfits: Set<string>;
};

function admit(nomination: Nomination, pass: Pass): Outcome {
  if (nomination.kind === 'waits') return nomination;
  const { workload, candidates } = nomination;
  const { spec } = workload;
  const blocks = { ...nomination.blocks };
  for (const { cluster, sku, price } of candidates) {
    if (pass.kept.has(keyOf(cluster, sku))) {
      blocks[cluster.clusterId] ??= 'kept_for_older_job';
      continue;
    }
    const shapeKey = `${keyOf(cluster, sku)}/${spec.taskCount}x${spec.milliGpus}/${spec.milliCpus}/${spec.memoryBytes}`;
    const gang = { shape: spec, taskCount: spec.taskCount, sku };
    const tasks = pass.misfits.has(shapeKey) ? undefined : placeGang(cluster.nodes, gang, pass.policy.strategy);
    if (tasks !== undefined) {
      const { clusterId, region } = cluster;
      return { kind: 'admitted', admission: { workloadId: workload.id, clusterId, region, sku, price, tasks } };
    }
    pass.misfits.add(shapeKey);
    // Of several SKUs in one cluster the cheapest speaks.
    blocks[cluster.clusterId] ??= explainBusy(workload, cluster, sku);
  }
  keepForStarved(workload, candidates, pass);
  return { kind: 'waits', reason: whyBlocked(workload, blocks) };
}

function whyBlocked({ spec }: PendingWorkload, blocks: Blocks): Reason {
  const isSkuBusy =
    spec.skus.length > 0 && Object.values(blocks).every((block) => block === 'gpus_busy' || block === 'no_such_sku');
  return reason(isSkuBusy ? 'requested_skus_busy' : 'waiting_for_capacity', blocks);
}

/** Which resource is short: the first that no node has by itself; `fragmented` when each is there but not together. */
function explainBusy({ spec }: PendingWorkload, cluster: ClusterSpace, sku: string): string {
  const none = { milliGpus: 0, milliCpus: 0, memoryBytes: 0 };
  const noNodeHas = (shape: typeof none) =>
    !cluster.nodes.some((node) => chooseDevices(node, shape, sku) !== undefined);
  if (noNodeHas({ ...none, milliGpus: spec.milliGpus })) return 'gpus_busy';
  if (noNodeHas({ ...none, milliCpus: spec.milliCpus })) return 'cpus_busy';
  if (noNodeHas({ ...none, memoryBytes: spec.memoryBytes })) return 'memory_busy';
  return noNodeHas(spec) ? 'fragmented' : 'gang_does_not_fit';
}

/** Bounded protection: one cluster and SKU for each starved workload, the one with most room for it. */
function keepForStarved(workload: PendingWorkload, candidates: readonly Candidate[], pass: Pass): void {
  if (pass.snapshot.now - workload.createdAt < pass.policy.starvationMs) return;
  const free = candidates.filter(
    ({ cluster, sku }) => !pass.kept.has(keyOf(cluster, sku)) && canEverFit(workload, cluster),
  );
  const room = ({ cluster, sku }: Candidate) =>
    cluster.nodes.flatMap((node) => node.gpus).reduce((sum, gpu) => sum + (gpu.sku === sku ? gpu.freeMilli : 0), 0);
  const [best] = free.toSorted((a, b) => room(b) - room(a));
  if (best !== undefined) pass.kept.add(keyOf(best.cluster, best.sku));
}

/** A cluster with fewer devices than the job needs must not be kept idle for it. */
function canEverFit({ spec }: PendingWorkload, cluster: ClusterSpace): boolean {
  const devices = cluster.nodes.reduce((sum, node) => sum + node.gpus.length, 0);
  return devices * 1000 >= spec.milliGpus * spec.taskCount;
}

const keyOf = (cluster: ClusterSpace, sku: string) => `${cluster.clusterId}/${sku}`;
