import type { CallContext } from '@suanli/kernel';
import { hashBody, rememberRequest, withTransaction } from '@suanli/postgres';
import { checkJobSpec } from '../../domain/job/check-job-spec.ts';
import type { JobSpec, Mount } from '../../domain/job/job-spec.ts';
import { reason } from '../../domain/job/reason.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import type { SchedulerDeps } from '../deps.ts';
import { budgetDetails, type QuoteRefusal } from '../ports.ts';
import { type Answer, ok, refused } from '../refusal.ts';
import type { JobView } from '../stores.ts';
import { cheapestFirstHold, findOptions, type Options } from './find-options.ts';

/**
 * Stores a job, once per request id. What can never run is refused with the reason per cluster, and so is what the
 * wallet could not even begin to pay; everything else waits in the queue.
 */
export async function createJob(
  deps: SchedulerDeps,
  ctx: CallContext,
  request: { requestId: string; spec: JobSpec },
): Promise<Answer<JobView>> {
  const problem = checkJobSpec(request.spec) ?? checkRequestId(request.requestId);
  if (problem !== undefined) return refused({ code: 'INVALID_JOB', ...problem });
  const { accountId, workspaceId } = ctx.tenant;
  const key = {
    scope: `${accountId}/${workspaceId}/create-job`,
    requestId: request.requestId,
    bodyHash: hashBody(request.spec),
  };
  // A repeated request gets its answer also when the wallet or the hub has changed since.
  const before = await deps.stores(deps.db).workloads.rememberedJob(key);
  if (before !== undefined) return replay(deps, ctx, before);

  const quoted = await checkQuote(deps, ctx, request.spec);
  if (quoted.kind === 'refused') return quoted;
  const options = await findOptions(deps, request.spec);
  if (options.kind === 'refused') return options;
  const mounts = await pinMounts(deps, ctx, request.spec.mounts);
  if (mounts.kind === 'refused') return mounts;
  const funds = await checkFunds(deps, ctx, request.spec, options.value);
  if (funds.kind === 'refused') return funds;

  const spec = { ...request.spec, mounts: mounts.value };
  const outcome = await withTransaction(deps.db, async (tx) => {
    const stores = deps.stores(tx);
    return rememberRequest(tx, key, async () => {
      const workload = newWorkload(deps, ctx, spec, await stores.clusters.now());
      await stores.workloads.insert(workload);
      await stores.events.phaseChanged({ workload }, workload.createdAt);
      return { jobId: workload.id };
    });
  });
  if (outcome.kind === 'done') deps.wakes.committed();
  return replay(deps, ctx, outcome.kind === 'conflict' ? 'conflict' : outcome.answer);
}

async function replay(deps: SchedulerDeps, ctx: CallContext, found: { jobId: string } | 'conflict') {
  if (found === 'conflict') {
    return refused({ code: 'REQUEST_ID_REUSED', message: 'this request id was used with another job' });
  }
  const view = await deps.stores(deps.db).workloads.view(ctx.tenant, found.jobId);
  return view === undefined ? refused({ code: 'JOB_NOT_FOUND', message: 'no such job' }) : ok(view);
}

const QUOTE_PROBLEMS: Record<QuoteRefusal, string> = {
  QUOTE_NOT_FOUND: 'no such quote',
  QUOTE_OF_OTHER_TENANT: 'no such quote of this account',
  QUOTE_EXPIRED: 'the quote is no longer valid; ask for a new one',
};

/** A quote counts when it is valid at the submission, however long the job waits afterwards. */
async function checkQuote(deps: SchedulerDeps, ctx: CallContext, { quoteId }: JobSpec): Promise<Answer<null>> {
  const code = quoteId === undefined ? undefined : await deps.quotes.check(ctx.tenant, quoteId);
  return code === undefined ? ok(null) : refused({ code, message: QUOTE_PROBLEMS[code] });
}

/** What `main` or the head stands for now is what the job will see, however long it waits. */
async function pinMounts(deps: SchedulerDeps, ctx: CallContext, mounts: readonly Mount[]): Promise<Answer<Mount[]>> {
  const pinned: Mount[] = [];
  for (const [at, mount] of mounts.entries()) {
    const found = await deps.revisions.resolve(ctx.tenant, mount.repositoryId, mount.revision);
    const field = `mounts[${at}]`;
    if (found.kind === 'refused') return refused({ code: 'INVALID_JOB', field, message: found.message });
    if (mount.mode === 'in' && found.revision === '') {
      return refused({ code: 'INVALID_JOB', field, message: `${mount.repositoryId} has no revision yet` });
    }
    const revision = mount.mode === 'in' ? found.revision : '';
    pinned.push({ ...mount, repositoryId: found.repositoryId, revision });
  }
  return ok(pinned);
}

/** Asks whether the cheapest first hold could be placed now. Without a price there is nothing to ask yet. */
async function checkFunds(
  deps: SchedulerDeps,
  ctx: CallContext,
  spec: JobSpec,
  options: Options,
): Promise<Answer<null>> {
  const now = deps.clock.now();
  const hold = cheapestFirstHold(spec, options, now, deps.policy.funding);
  if (hold === undefined) return ok(null);
  const { holdMicros, holdExpiresAt } = hold;
  const command = {
    requestId: 'dry-run',
    tenant: ctx.tenant,
    amountMicros: holdMicros,
    expiresAt: holdExpiresAt,
    workloadId: '',
    epoch: 0,
    sku: hold.sku,
    region: hold.region,
  };
  const [result] = await deps.billing.placeHolds([command], { isDryRun: true });
  if (result === undefined || result.kind === 'held') return ok(null);
  if (result.reason === 'account_suspended') {
    return refused({ code: 'ACCOUNT_SUSPENDED', message: 'the account is in arrears; money restores it' });
  }
  if (result.budget !== undefined) {
    const { missingMicros, budget } = result;
    const message = 'a budget does not cover the first minutes of this job';
    return refused({ code: 'BUDGET_EXCEEDED', message, missingMicros, details: budgetDetails(budget) });
  }
  if (result.reason === 'account_frozen') return refused({ code: 'ACCOUNT_FROZEN', message: 'the wallet is frozen' });
  const missingMicros = result.reason === 'insufficient_funds' ? result.missingMicros : holdMicros;
  return refused({
    code: 'INSUFFICIENT_FUNDS',
    message: 'the wallet does not cover the first minutes of this job',
    missingMicros,
  });
}

function newWorkload(deps: SchedulerDeps, ctx: CallContext, spec: JobSpec, now: number): Workload {
  return {
    id: deps.ids.next('job'),
    kind: 'job',
    tenant: ctx.tenant,
    spec,
    phase: 'pending',
    reason: reason('queued'),
    epoch: 0,
    requeues: 0,
    createdAt: now,
    eligibleAt: now,
    queuePosition: 0,
    version: 1n,
  };
}

const MAX_REQUEST_ID_CHARS = 256;

function checkRequestId(requestId: string) {
  if (requestId.length >= 1 && requestId.length <= MAX_REQUEST_ID_CHARS) return undefined;
  return { field: 'request_id', message: `request_id must have 1 to ${MAX_REQUEST_ID_CHARS} characters` };
}
