import type { Instant } from '@suanli/kernel';
import { assertLeader, withTransaction } from '@suanli/postgres';
import { clearNotice, notice } from '../../domain/attempt/notice.ts';
import { stopLive } from '../../domain/attempt/settle.ts';
import { type Funding, fund, isRunningOut } from '../../domain/funding/funding.ts';
import { reason } from '../../domain/job/reason.ts';
import type { Live } from '../../domain/workload/attempt.ts';
import { commitChange } from '../commit-change.ts';
import { LEADERSHIP, type SchedulerDeps } from '../deps.ts';
import { budgetDetails, type HoldResult } from '../ports.ts';

/**
 * Extends the money of what runs before it ends. Refused: the user is warned, and the tasks stop at `fundedUntil`, by
 * the agent's own clock or when told here. Returns how many attempts were looked at.
 */
export async function extendFunding(deps: SchedulerDeps, epoch: bigint): Promise<number> {
  let extended = 0;
  for (;;) {
    const inBatch = await extendBatch(deps, epoch);
    extended += inBatch;
    if (inBatch < deps.policy.holdsPerCall) return extended;
  }
}

async function extendBatch(deps: SchedulerDeps, epoch: bigint): Promise<number> {
  const { clusters, attempts } = deps.stores(deps.db);
  const now = await clusters.now();
  const due = await attempts.dueForFunding(now, deps.policy.holdsPerCall);
  if (due.length === 0) return 0;
  const wanted = due.map(({ workload, attempt }) => {
    const next = fund(workload.spec, attempt.price, { reservedAt: attempt.reservedAt, now }, deps.policy.funding);
    // A total never falls, also when a grace that was paid for is not needed any more.
    return { ...next, holdMicros: next.holdMicros > attempt.holdMicros ? next.holdMicros : attempt.holdMicros };
  });
  const results = await deps.billing.extendHolds(
    due.map(({ workload, attempt }, at) => ({
      requestId: `${workload.id}:${attempt.epoch}:extend:${wanted[at]?.fundedUntil ?? now}`,
      holdId: attempt.holdId ?? '',
      amountMicros: wanted[at]?.holdMicros ?? attempt.holdMicros,
      expiresAt: wanted[at]?.holdExpiresAt ?? attempt.holdExpiresAt,
    })),
  );
  for (const [at, live] of due.entries()) {
    const funding = wanted[at];
    const result = results[at];
    if (funding !== undefined && result !== undefined) await record(deps, epoch, live.workload.id, funding, result);
  }
  deps.wakes.committed();
  return due.length;
}

async function record(
  deps: SchedulerDeps,
  epoch: bigint,
  workloadId: string,
  funding: Funding,
  result: HoldResult,
): Promise<void> {
  await withTransaction(deps.db, async (tx) => {
    await assertLeader(tx, LEADERSHIP, epoch);
    const stores = deps.stores(tx);
    const live = await stores.attempts.lockLive(workloadId);
    if (live === undefined || live.workload.phase === 'stopping') return;
    const now = await stores.clusters.now();
    const after = result.kind === 'held' ? extended(live, funding) : refusedMoney(deps, live, result, now);
    await commitChange(stores, { before: live, after, usage: [], isAttemptOver: false }, now);
  });
}

function extended(live: Live, funding: Funding): Live {
  const funded = { ...live, attempt: { ...live.attempt, ...funding } };
  return clearNotice(funded, 'funds_running_out');
}

function refusedMoney(deps: SchedulerDeps, live: Live, refusal: HoldResult & { kind: 'refused' }, now: Instant): Live {
  const { workload, attempt } = live;
  const which = refusal.budget === undefined ? {} : budgetDetails(refusal.budget);
  if (now >= attempt.fundedUntil)
    return stopLive(live, { cause: 'funds_exhausted', reason: reason('funds_exhausted', which) }, now);
  const waiting = { ...live, attempt: { ...attempt, extendAt: now + deps.policy.extendRetryMs } };
  if (!isRunningOut(workload.spec, attempt, now, deps.policy.funding)) return waiting;
  const fundedUntil = new Date(attempt.fundedUntil).toISOString();
  return notice(waiting, 'funds_running_out', { refusal: refusal.reason, funded_until: fundedUntil, ...which });
}
