import type { Instant } from '@suanli/kernel';
import { assertLeader, withTransaction } from '@suanli/postgres';
import { reason } from '../../domain/job/reason.ts';
import type { Live } from '../../domain/workload/attempt.ts';
import { advance } from '../../domain/workload/workload.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import { budgetDetails, type HoldResult, type PlaceHold } from '../ports.ts';
import type { Stores } from '../stores.ts';

/**
 * Brings every reserved attempt to its end: asks billing for the holds in one call, then binds or undoes. The request
 * is derived from (workload, epoch) and stored figures alone, so it may be repeated after any crash. While billing cannot
 * answer nothing is undone: a hold may exist. Returns how many were bound.
 */
export async function settleReserved(deps: SchedulerDeps, epoch: bigint): Promise<number> {
  let bound = 0;
  for (;;) {
    const batch = await deps.stores(deps.db).attempts.reserved(deps.policy.holdsPerCall);
    if (batch.length === 0) return bound;
    const results = await deps.billing.placeHolds(batch.map(holdFor));
    const clusterIds = await recordResults(deps, epoch, batch, results);
    for (const clusterId of new Set(clusterIds)) deps.wakes.agent(clusterId);
    deps.wakes.committed();
    bound += clusterIds.length;
  }
}

/** The one hold that this attempt may have. */
export function holdFor({ workload, attempt }: Pick<Live, 'workload' | 'attempt'>): PlaceHold {
  return {
    requestId: `${workload.id}:${attempt.epoch}:place`,
    tenant: workload.tenant,
    amountMicros: attempt.holdMicros,
    expiresAt: attempt.holdExpiresAt,
    workloadId: workload.id,
    epoch: attempt.epoch,
    sku: attempt.sku,
    region: attempt.region,
  };
}

async function recordResults(
  deps: SchedulerDeps,
  epoch: bigint,
  batch: readonly Live[],
  results: readonly HoldResult[],
): Promise<string[]> {
  return withTransaction(deps.db, async (tx) => {
    await assertLeader(tx, LEADERSHIP, epoch);
    const stores = deps.stores(tx);
    const now = await stores.clusters.now();
    const bound: string[] = [];
    const inOrder = batch
      .map((live, at) => ({ live, result: results[at] }))
      .toSorted((a, b) => (a.live.workload.id < b.live.workload.id ? -1 : 1));
    for (const { live, result } of inOrder) {
      // Cancelled meanwhile: then whoever cancelled it has left the chore to close the hold.
      const locked = await stores.attempts.lockReserved(live.workload.id, live.attempt.epoch);
      if (locked === undefined || result === undefined) continue;
      if (result.kind === 'refused') await undo(deps, stores, locked, result, now);
      else {
        await bind(stores, locked, result.holdId, now);
        bound.push(locked.attempt.clusterId);
      }
    }
    return bound;
  });
}

async function bind(stores: Stores, live: Live, holdId: string, now: Instant): Promise<void> {
  const { clusterId, region, epoch } = live.attempt;
  const workload = advance(live.workload, 'bind', reason('bound', { cluster: clusterId, region }), now);
  const bound: Live = { ...live, workload, attempt: { ...live.attempt, phase: 'starting', holdId, boundAt: now } };
  await stores.attempts.saveAttempt(bound);
  await stores.workloads.save(workload);
  await stores.events.phaseChanged(bound, now);
  await stores.chores.add('issue_key', workload.id, epoch, now);
}

async function undo(
  deps: SchedulerDeps,
  stores: Stores,
  live: Live,
  refusal: HoldResult & { kind: 'refused' },
  now: Instant,
): Promise<void> {
  const { workload } = live;
  await stores.attempts.undo(live);
  if (refusal.reason === 'expiry_in_past') return; // Billing was away for long: the next cycle decides afresh.
  deps.logger.info({ workloadId: workload.id, refusal: refusal.reason }, 'no hold for a placement');
  const details = {
    refusal: refusal.reason,
    ...(refusal.missingMicros > 0n && { missing_micros: refusal.missingMicros.toString() }),
    ...(refusal.budget && budgetDetails(refusal.budget)),
  };
  await stores.workloads.save({
    ...workload,
    reason: reason(refusal.reason === 'account_suspended' ? 'account_suspended' : 'waiting_for_funds', details),
    eligibleAt: now + deps.policy.fundsRetryMs,
    version: workload.version + 1n,
  });
}
