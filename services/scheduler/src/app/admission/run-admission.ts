import { assertLeader, withTransaction } from '@suanli/postgres';
import { runCycle } from '../../domain/cycle/run-cycle.ts';
import type { CycleResult, PendingWorkload, Snapshot, Waiting } from '../../domain/cycle/snapshot.ts';
import { isSameReason } from '../../domain/job/reason.ts';
import { CPU_SKU } from '../../domain/placement/space.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import { reserveCapacity } from './reserve-capacity.ts';
import { settleReserved } from './settle-reserved.ts';

/**
 * One cycle of the leader: finish what an earlier one left between capacity and money, then snapshot, decide, reserve,
 * hold and bind. Whatever crash ends it, the next cycle goes on from the rows. Returns how many workloads were bound.
 */
export async function runAdmission(
  deps: SchedulerDeps,
  epoch: bigint,
): Promise<{ bound: number; result: CycleResult }> {
  const leftOver = await settleReserved(deps, epoch);
  const snapshot = await takeSnapshot(deps);
  const result = runCycle(snapshot, deps.policy.cycle);
  const reserved = await reserveCapacity(deps, epoch, result.admissions);
  await recordWaiting(deps, epoch, snapshot.pending, result.waiting);
  const bound = reserved === 0 ? 0 : await settleReserved(deps, epoch);
  return { bound: leftOver + bound, result };
}

async function takeSnapshot(deps: SchedulerDeps): Promise<Snapshot> {
  const { clusters, workloads, use, standings } = deps.stores(deps.db);
  const now = await clusters.now();
  const [spaces, skus, pending, recentUse, suspended] = await Promise.all([
    clusters.spaces(deps.policy.leaseMs),
    clusters.skus(),
    workloads.pending(deps.policy.pendingPerCycle),
    use.recent(now),
    standings.suspended(),
  ]);
  const regions = [...new Set(spaces.map((space) => space.region))];
  const items = regions.flatMap((region) => [...skus, CPU_SKU].map((sku) => ({ region, sku })));
  const priceOf = pending.length === 0 ? () => undefined : await deps.prices.load(items);
  return { now, clusters: spaces, skus, pending, recentUse, suspended, priceOf };
}

/** Places of the queue that are kept exact. */
const EXACT_POSITIONS = 100;
/** Further back a place is written again when it is off by more than this share. */
const POSITION_SLACK = 0.1;

/** Writes reasons and places only where they changed: a queue that stands still costs nothing. */
async function recordWaiting(
  deps: SchedulerDeps,
  epoch: bigint,
  pending: readonly PendingWorkload[],
  waiting: readonly Waiting[],
): Promise<void> {
  const before = new Map(pending.map((workload) => [workload.id, workload]));
  const changed = waiting.filter((now) => {
    const then = before.get(now.workloadId);
    return (
      then !== undefined && (!isSameReason(then.reason, now.reason) || hasMoved(then.queuePosition, now.queuePosition))
    );
  });
  if (changed.length === 0) return;
  await withTransaction(deps.db, async (tx) => {
    await assertLeader(tx, LEADERSHIP, epoch);
    await deps.stores(tx).workloads.saveWaiting(changed);
  });
}

function hasMoved(before: number, now: number): boolean {
  if (before === 0 || now <= EXACT_POSITIONS) return before !== now;
  return Math.abs(before - now) > now * POSITION_SLACK;
}
