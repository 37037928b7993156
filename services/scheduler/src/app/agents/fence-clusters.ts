import type { Instant } from '@suanli/kernel';
import { assertLeader, withTransaction } from '@suanli/postgres';
import { notice } from '../../domain/attempt/notice.ts';
import { fence, settle } from '../../domain/attempt/settle.ts';
import { disconnectGraceMs } from '../../domain/job/job-spec.ts';
import type { Live } from '../../domain/workload/attempt.ts';
import { commitChange } from '../commit-change.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import type { Stores } from '../stores.ts';

/**
 * Ends the attempts of clusters whose agent has been silent for longer than its lease and margin: by then it has killed
 * them by itself. Jobs that asked to be kept get their grace first. All times are PostgreSQL's. Returns how many
 * attempts were fenced.
 */
export async function fenceClusters(deps: SchedulerDeps, epoch: bigint): Promise<number> {
  const silentMs = deps.policy.leaseMs + deps.policy.leaseMarginMs;
  let fenced = 0;
  for (const clusterId of await deps.stores(deps.db).clusters.silentFor(silentMs)) {
    fenced += await fenceCluster(deps, epoch, clusterId, silentMs);
  }
  if (fenced > 0) deps.wakes.committed();
  return fenced;
}

async function fenceCluster(deps: SchedulerDeps, epoch: bigint, clusterId: string, silentMs: number): Promise<number> {
  return withTransaction(deps.db, async (tx) => {
    await assertLeader(tx, LEADERSHIP, epoch);
    const stores = deps.stores(tx);
    const cluster = await stores.clusters.lock(clusterId);
    const now = await stores.clusters.now();
    // A sync may have come in between the question and the lock.
    if (cluster?.lastSyncAt === undefined || now - cluster.lastSyncAt < silentMs) return 0;
    if (cluster.lostAt === undefined) await tellLost(deps, stores, clusterId, now);
    let fenced = 0;
    for (const live of await stores.attempts.lockLiveOf(clusterId)) {
      const isKept = now - cluster.lastSyncAt < silentMs + disconnectGraceMs(live.workload.spec);
      if (isKept) await tellUnreachable(stores, live, now);
      else {
        const change = settle(live, fence(live, cluster.lastSyncAt, now), now, deps.policy.attempt);
        await commitChange(stores, change, now);
        fenced += 1;
      }
    }
    return fenced;
  });
}

async function tellLost(deps: SchedulerDeps, stores: Stores, clusterId: string, now: Instant): Promise<void> {
  deps.logger.warn({ clusterId }, 'cluster lost');
  await stores.clusters.markLost(clusterId, now);
  await stores.events.nodesChanged('lost', clusterId, await stores.clusters.nodeIds(clusterId), now);
}

async function tellUnreachable(stores: Stores, live: Live, now: Instant): Promise<void> {
  const after = notice(live, 'cluster_unreachable', { cluster: live.attempt.clusterId });
  if (after === live) return;
  await commitChange(stores, { before: live, after, usage: [], isAttemptOver: false }, now);
}
