import { withTransaction } from '@suanli/postgres';
import { holdFor } from '../admission/settle-reserved.ts';
import type { SchedulerDeps } from '../deps.ts';
import type { Chore } from '../stores.ts';

const FIRST_BACKOFF_MS = 500;
const MAX_DOUBLINGS = 10;

/**
 * Does what other services are owed: keys issued and revoked, holds closed. At least once, each of them harmless when
 * done twice; what fails is tried again, later and later, for ever. Returns how many were done.
 */
export async function runChores(deps: SchedulerDeps): Promise<number> {
  let done = 0;
  for (;;) {
    const inBatch = await runBatch(deps);
    done += inBatch;
    if (inBatch < deps.policy.choresAtOnce) return done;
  }
}

async function runBatch(deps: SchedulerDeps): Promise<number> {
  const { clusters, chores } = deps.stores(deps.db);
  const due = await chores.due(await clusters.now(), deps.policy.choresAtOnce);
  const results = await Promise.allSettled(due.map((chore) => runChore(deps, chore)));
  for (const [at, result] of results.entries()) {
    const chore = due[at];
    if (result.status === 'fulfilled' || chore === undefined) continue;
    const { id, kind, failures } = chore;
    deps.logger.warn({ chore: id, kind, failures, error: String(result.reason) }, 'a chore failed, will try again');
    const waitMs = Math.min(deps.policy.maxChoreBackoffMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures, MAX_DOUBLINGS));
    await chores.postpone(id, (await clusters.now()) + waitMs);
  }
  return results.filter((result) => result.status === 'fulfilled').length;
}

async function runChore(deps: SchedulerDeps, chore: Chore): Promise<void> {
  switch (chore.kind) {
    case 'issue_key':
      return issueKey(deps, chore);
    case 'revoke_key':
      await deps.keys.revoke(chore);
      break;
    case 'close_hold':
      await closeHold(deps, chore);
      break;
    case 'abandon_hold':
      await abandonHold(deps, chore);
      break;
  }
  await deps.stores(deps.db).chores.done(chore.id);
}

/** The attempt may end while the key is made: then it is revoked again, after whoever ended it has asked for that. */
async function issueKey(deps: SchedulerDeps, chore: Chore): Promise<void> {
  const { workloadId, epoch } = chore;
  const { attempts, clusters } = deps.stores(deps.db);
  const found = await attempts.find(workloadId, epoch);
  if (found === undefined || found.attempt.phase !== 'starting') return deps.stores(deps.db).chores.done(chore.id);
  const { tenant, spec } = found.workload;
  const expiresAt = (await clusters.now()) + spec.maxRunSeconds * 1000 + deps.policy.keySlackMs;
  const jobKey = await deps.keys.issue({ tenant, workloadId, epoch, expiresAt });
  await withTransaction(deps.db, async (tx) => {
    const stores = deps.stores(tx);
    const live = await stores.attempts.lockLive(workloadId);
    if (live?.attempt.epoch === epoch)
      await stores.attempts.saveAttempt({ ...live, attempt: { ...live.attempt, jobKey } });
    else await stores.chores.add('revoke_key', workloadId, epoch, await stores.clusters.now());
    await stores.chores.done(chore.id);
  });
  deps.wakes.agent(found.attempt.clusterId);
}

async function closeHold(deps: SchedulerDeps, { workloadId, epoch }: Chore): Promise<void> {
  const found = await deps.stores(deps.db).attempts.find(workloadId, epoch);
  const holdId = found?.attempt.holdId;
  if (holdId === undefined) return;
  const requestId = `${workloadId}:${epoch}:close`;
  await deps.billing.closeHolds([{ requestId, holdId, finalUsageId: found?.attempt.lastUsageId ?? '' }]);
}

/** Whether a hold was placed before the job was cancelled is not known: asking again tells, and then it is closed. */
async function abandonHold(deps: SchedulerDeps, { workloadId, epoch }: Chore): Promise<void> {
  const found = await deps.stores(deps.db).attempts.find(workloadId, epoch);
  if (found === undefined) return;
  const [result] = await deps.billing.placeHolds([holdFor(found)]);
  if (result?.kind !== 'held') return;
  await deps.billing.closeHolds([
    { requestId: `${workloadId}:${epoch}:close`, holdId: result.holdId, finalUsageId: '' },
  ]);
}
