import { assertLeader, withTransaction } from '@suanli/postgres';
import { stopLive } from '../../domain/attempt/settle.ts';
import { reason } from '../../domain/job/reason.ts';
import { advance } from '../../domain/workload/workload.ts';
import { commitChange } from '../commit-change.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import type { Stores } from '../stores.ts';

const BATCH = 100;

/**
 * Stops what runs in suspended accounts, and cancels what waits in accounts that are to be deleted. Looks at what is,
 * not at what was told: a job that was bound while its account was being suspended is found by the next look. Returns how
 * many were looked at.
 */
export async function obeyStandings(deps: SchedulerDeps, epoch: bigint): Promise<number> {
  const found = await deps.stores(deps.db).standings.toStop(BATCH);
  for (const { workloadId, phase } of found) {
    const clusterId = await withTransaction(deps.db, async (tx) => {
      await assertLeader(tx, LEADERSHIP, epoch);
      const stores = deps.stores(tx);
      return phase === 'pending' ? cancelPending(stores, workloadId) : stopRunning(stores, workloadId);
    });
    if (clusterId !== undefined) deps.wakes.agent(clusterId);
  }
  if (found.length > 0) deps.wakes.committed();
  return found.length;
}

async function stopRunning(stores: Stores, workloadId: string): Promise<string | undefined> {
  const live = await stores.attempts.lockLive(workloadId);
  if (live === undefined) return undefined;
  const now = await stores.clusters.now();
  const after = stopLive(live, { cause: 'account_suspended', reason: reason('account_suspended') }, now);
  if (after !== live) await commitChange(stores, { before: live, after, usage: [], isAttemptOver: false }, now);
  return live.attempt.clusterId;
}

async function cancelPending(stores: Stores, workloadId: string): Promise<undefined> {
  const workload = await stores.workloads.lock(workloadId);
  if (workload?.phase !== 'pending') return undefined;
  const reserved = await stores.attempts.lockReserved(workload.id, workload.epoch);
  if (reserved !== undefined) return undefined;
  const now = await stores.clusters.now();
  const after = advance(workload, 'cancel', reason('account_suspended'), now);
  await stores.workloads.save(after);
  await stores.events.phaseChanged({ workload: after }, now);
  return undefined;
}
