import type { Instant } from '@suanli/kernel';
import { hashBody, withTransaction } from '@suanli/postgres';
import { foldReport, type TaskReport } from '../../domain/attempt/fold-report.ts';
import { clearNotice } from '../../domain/attempt/notice.ts';
import { type Change, settle } from '../../domain/attempt/settle.ts';
import { isEnded, type Live, type Task } from '../../domain/workload/attempt.ts';
import { commitChange } from '../commit-change.ts';
import type { SchedulerDeps } from '../deps.ts';
import type { ClusterRow, NodeReport, Stores } from '../stores.ts';

export type ClusterReport = {
  clusterId: string;
  instanceId: string;
  sequence: bigint;
  driver: string;
  isolation: string;
  nodes: readonly NodeReport[];
  tasks: readonly TaskReport[];
};

/** What should be on a cluster: its live attempts, in the tasks that have not ended. */
export type Desired = { live: Live; task: Task }[];

/**
 * Takes in what an agent tells and answers with all that it should have. Any replica may do it: the cluster's row makes
 * syncs and fences of one cluster take turns. Reports of epochs that are not live change nothing; what is not in the
 * answer is killed by the agent. Undefined: no such cluster.
 */
export async function syncCluster(deps: SchedulerDeps, report: ClusterReport): Promise<Desired | undefined> {
  const outcome = await withTransaction(deps.db, async (tx) => {
    const stores = deps.stores(tx);
    const cluster = await stores.clusters.lock(report.clusterId);
    if (cluster === undefined) return undefined;
    const before = await stores.attempts.lockLiveOf(report.clusterId);
    // An answer that overtook a newer one would be ignored anyway; its report must be too.
    const isStale = report.instanceId === cluster.instanceId && report.sequence <= cluster.sequence;
    if (isStale) return { live: before, hasChanged: false };
    const now = await stores.clusters.now();
    await recordCluster(stores, cluster, report, now);
    const changes = before.map((live) => foldOne(deps, live, report.tasks, now));
    for (const change of changes) await commitChange(stores, change, now);
    const live = changes.filter((change) => !change.isAttemptOver).map((change) => change.after);
    return { live, hasChanged: changes.some(isWorthTelling) || cluster.lostAt !== undefined };
  });
  if (outcome?.hasChanged) deps.wakes.committed();
  return outcome && desiredOf(outcome.live);
}

function foldOne(deps: SchedulerDeps, live: Live, reports: readonly TaskReport[], now: Instant): Change {
  const folded = foldReport(clearNotice(live, 'cluster_unreachable'), reports, now);
  return settle(live, folded, now, deps.policy.attempt);
}

function isWorthTelling(change: Change): boolean {
  return change.usage.length > 0 || change.after.workload !== change.before.workload;
}

/** An attempt without its key yet is not shown to the agent: its tasks could not reach the platform. */
function desiredOf(live: readonly Live[]): Desired {
  const ready = live.filter(({ attempt }) => attempt.jobKey !== undefined || attempt.phase !== 'starting');
  return ready.flatMap((one) => one.tasks.filter((task) => !isEnded(task)).map((task) => ({ live: one, task })));
}

async function recordCluster(stores: Stores, cluster: ClusterRow, report: ClusterReport, now: Instant): Promise<void> {
  const { clusterId, instanceId, sequence, driver, isolation, nodes } = report;
  const nodesHash = hashBody(nodes);
  if (nodesHash !== cluster.nodesHash) await stores.clusters.replaceNodes(clusterId, nodes);
  await stores.clusters.recordSync(clusterId, { instanceId, sequence, driver, isolation, nodesHash }, now);
  if (cluster.lostAt === undefined) return;
  const nodeIds = nodes.map((node) => node.nodeId);
  await stores.events.nodesChanged('returned', clusterId, nodeIds, now);
}
