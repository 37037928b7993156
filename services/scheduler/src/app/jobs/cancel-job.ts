import type { CallContext } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import { stopLive } from '../../domain/attempt/settle.ts';
import { reason } from '../../domain/job/reason.ts';
import { actionsIn } from '../../domain/workload/phase-machine.ts';
import { advance, type Workload } from '../../domain/workload/workload.ts';
import { commitChange } from '../commit-change.ts';
import type { SchedulerDeps } from '../deps.ts';
import { type Answer, jobNotFound, ok } from '../refusal.ts';
import type { JobView, Stores } from '../stores.ts';

/**
 * What waits is cancelled at once, what runs is asked to stop within its grace period. A job that has ended, or is
 * stopping already, is returned as it is: the command is idempotent by itself.
 */
export async function cancelJob(deps: SchedulerDeps, ctx: CallContext, jobId: string): Promise<Answer<JobView>> {
  const { tenant } = ctx;
  const known = await deps.stores(deps.db).workloads.versionOf(tenant, jobId);
  if (known === undefined) return jobNotFound();
  const clusterId = await withTransaction(deps.db, async (tx) => {
    const stores = deps.stores(tx);
    const workload = await stores.workloads.lock(jobId);
    if (workload === undefined || !actionsIn(workload.phase).includes('cancel')) return undefined;
    const now = await stores.clusters.now();
    if (workload.phase !== 'pending') return stopRunning(stores, workload, now);
    await cancelPending(stores, workload, now);
    return undefined;
  });
  deps.wakes.committed();
  if (clusterId !== undefined) deps.wakes.agent(clusterId);
  const view = await deps.stores(deps.db).workloads.view(tenant, jobId);
  return view === undefined ? jobNotFound() : ok(view);
}

async function stopRunning(stores: Stores, workload: Workload, now: number): Promise<string | undefined> {
  const live = await stores.attempts.lockLive(workload.id);
  if (live === undefined) return undefined;
  const after = stopLive(live, { cause: 'cancelled', reason: reason('cancelled') }, now);
  await commitChange(stores, { before: live, after, usage: [], isAttemptOver: false }, now);
  return live.attempt.clusterId;
}

/** Also between reservation and bind: the capacity goes back now, and a hold that may exist is closed later. */
async function cancelPending(stores: Stores, workload: Workload, now: number): Promise<void> {
  const after = advance(workload, 'cancel', reason('cancelled'), now);
  await stores.workloads.save(after);
  await stores.events.phaseChanged({ workload: after }, now);
  const reserved = await stores.attempts.lockReserved(workload.id, workload.epoch);
  if (reserved === undefined) return;
  await stores.attempts.saveAttempt({
    ...reserved,
    attempt: { ...reserved.attempt, phase: 'cancelled', finishedAt: now },
  });
  await stores.attempts.release(workload.id, workload.epoch);
  await stores.chores.add('abandon_hold', workload.id, workload.epoch, now);
}
