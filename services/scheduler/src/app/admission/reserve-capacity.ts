import type { Instant } from '@suanli/kernel';
import { assertLeader, withTransaction } from '@suanli/postgres';
import type { Admission } from '../../domain/cycle/snapshot.ts';
import { fund } from '../../domain/funding/funding.ts';
import type { Live } from '../../domain/workload/attempt.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import { CapacityTaken } from '../stores.ts';

/**
 * Takes the capacity of decided placements, all in one transaction; when one of them is gone meanwhile (a node shrank,
 * a device fell ill), one by one, so that it does not hold up the others. Returns how many were reserved.
 */
export async function reserveCapacity(
  deps: SchedulerDeps,
  epoch: bigint,
  admissions: readonly Admission[],
): Promise<number> {
  if (admissions.length === 0) return 0;
  const inOrder = admissions.toSorted((a, b) => (a.workloadId < b.workloadId ? -1 : 1));
  const together = await reserveBatch(deps, epoch, inOrder);
  if (together !== undefined) return together;
  let reserved = 0;
  for (const admission of inOrder) reserved += (await reserveBatch(deps, epoch, [admission])) ?? 0;
  return reserved;
}

async function reserveBatch(
  deps: SchedulerDeps,
  epoch: bigint,
  batch: readonly Admission[],
): Promise<number | undefined> {
  try {
    return await withTransaction(deps.db, async (tx) => {
      await assertLeader(tx, LEADERSHIP, epoch);
      const stores = deps.stores(tx);
      const now = await stores.clusters.now();
      let reserved = 0;
      for (const admission of batch) {
        const workload = await stores.workloads.lock(admission.workloadId);
        if (workload?.phase !== 'pending') continue;
        await stores.attempts.reserve(newAttempt(deps, workload, admission, now));
        reserved += 1;
      }
      return reserved;
    });
  } catch (error) {
    if (!(error instanceof CapacityTaken)) throw error;
    deps.logger.warn({ error: error.message, placements: batch.length }, 'capacity was gone when it was to be taken');
    return undefined;
  }
}

/** What the hold will be is fixed here, so that asking for it again after a crash asks for the same. */
function newAttempt(deps: SchedulerDeps, before: Workload, admission: Admission, now: Instant): Live {
  const workload = { ...before, epoch: before.epoch + 1 };
  const { region, clusterId, sku, price } = admission;
  const funding = fund(workload.spec, price, { reservedAt: now, now }, deps.policy.funding);
  return {
    workload,
    attempt: { epoch: workload.epoch, region, clusterId, sku, phase: 'reserved', price, reservedAt: now, ...funding },
    tasks: admission.tasks.map(({ nodeId, gpus }, index) => ({
      index,
      phase: 'assigned',
      nodeId,
      gpus,
      runMs: 0,
      chargedMs: 0,
      published: {},
      logBytes: 0,
    })),
  };
}
