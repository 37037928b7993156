import type { Instant } from '@suanli/kernel';
import type { Change } from '../domain/attempt/settle.ts';
import { meterOf } from '../domain/job/job-spec.ts';
import type { Stores } from './stores.ts';

/**
 * Writes what became of a live workload: its rows, the facts, the usage to be charged, and, at the end of an attempt,
 * the release of its capacity and what is owed to other services. Part of the caller's transaction.
 */
export async function commitChange(stores: Stores, change: Change, now: Instant): Promise<void> {
  const { before, after, usage, isAttemptOver } = change;
  const { workload, attempt } = after;
  await stores.attempts.saveTasks(before, after);
  if (attempt !== before.attempt) await stores.attempts.saveAttempt(after);
  if (workload !== before.workload) await stores.workloads.save(workload);
  if (workload.phase !== before.workload.phase) await stores.events.phaseChanged(after, now);
  if (attempt.fencedAt !== undefined && before.attempt.fencedAt === undefined) await stores.events.fenced(after, now);
  if (usage.length > 0) {
    await stores.events.usageRecorded(after, usage);
    await stores.use.add([{ accountId: workload.tenant.accountId, gpuMs: gpuMsOf(change) }], now);
  }
  if (!isAttemptOver) return;
  await stores.attempts.release(workload.id, attempt.epoch);
  await stores.chores.add('close_hold', workload.id, attempt.epoch, now);
  await stores.chores.add('revoke_key', workload.id, attempt.epoch, now);
}

/** A job without GPUs weighs its CPUs, a sixteenth of a GPU each. */
const MILLI_CPUS_PER_GPU = 16_000;

function gpuMsOf({ after, usage }: Change): number {
  const { meter } = meterOf(after.workload.spec);
  const quantity = Number(usage.reduce((sum, window) => sum + window.quantity, 0n));
  return quantity / (meter === 'gpu_time' ? 1000 : MILLI_CPUS_PER_GPU);
}
