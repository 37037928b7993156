import { creditUnusableTime } from '../../src/app/credits/credit-unusable-time.ts';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { onWorkloadFenced } from '../../src/app/reactions/on-workload-fenced.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { fenceToldOn, type Job } from './plan-usage.ts';
import type { TenantPlan } from './plan-year.ts';
import { inLanes, type Year } from './year.ts';

export type RunningJob = { plan: TenantPlan; job: Job };

const DAY_MS = 86_400_000;
const HOLDS_PER_CALL = 200;
/** Usage of a job has come by then, unless it is late. */
const SETTLED_AFTER_DAYS = 2;

/** Sets money aside for the jobs of a day. A job whose hold is refused runs all the same: its wallet pays. */
export async function beginJobs(year: Year, day: number, jobs: readonly RunningJob[]): Promise<void> {
  const { deps } = year;
  for (let from = 0; from < jobs.length; from += HOLDS_PER_CALL) {
    const batch = jobs.slice(from, from + HOLDS_PER_CALL);
    const commands = batch.map(({ plan, job }) => ({
      requestId: job.key,
      tenant: plan.tenant,
      amountMicros: job.holdMicros,
      expiresAt: job.to + DAY_MS,
      purpose: { kind: 'job', id: job.key, epoch: 1 },
    }));
    for (const { requestId, outcome } of await placeHolds(deps, commands)) {
      if (outcome.kind === 'held') year.holds.set(requestId, outcome.hold.id);
      year.count(outcome.kind === 'held' ? 'holds' : `hold refused: ${outcome.refusal.reason}`);
    }
  }
  year.jobs.set(day, jobs);
}

/** Ends the jobs of yesterday, fences those of today, and gives back what went wrong two days ago. */
export async function endJobs(year: Year, day: number): Promise<void> {
  await closeJobs(year, year.jobs.get(day - 1) ?? []);
  const begun = year.jobs.get(day) ?? [];
  if (fenceToldOn(day) === day) await inLanes(begun, (running) => fence(year, running));
  const settled = year.jobs.get(day - SETTLED_AFTER_DAYS) ?? [];
  await inLanes(settled, (running) => giveBack(year, running));
  year.jobs.delete(day - SETTLED_AFTER_DAYS);
}

async function closeJobs(year: Year, jobs: readonly RunningJob[]): Promise<void> {
  const commands = jobs.flatMap(({ job }) => {
    const holdId = year.holds.get(job.key);
    const isClosed = holdId !== undefined && job.ending === 'close';
    return isClosed ? [{ requestId: `close ${job.key}`, holdId, finalUsageId: job.lastUsageId }] : [];
  });
  for (let from = 0; from < commands.length; from += HOLDS_PER_CALL) {
    await closeHolds(year.deps, commands.slice(from, from + HOLDS_PER_CALL));
  }
  year.count('holds closed', commands.length);
}

async function fence(year: Year, { plan, job }: RunningJob): Promise<void> {
  const { deps } = year;
  const { accountId } = plan.tenant;
  const { fencedAt } = job;
  if (fencedAt === undefined) return;
  await deps.transact((stores) =>
    onWorkloadFenced(deps, stores, { sourceKind: 'job', sourceId: job.key, epoch: 1, fencedAt, accountId }),
  );
  year.count('fences');
}

async function giveBack(year: Year, { plan, job }: RunningJob): Promise<void> {
  if (job.fate === 'credited') await credit(year, plan, job);
  if (job.fate === 'refunded') await refund(year, plan, job);
}

/** The second half of the job could not be used. */
async function credit(year: Year, { tenant }: TenantPlan, job: Job): Promise<void> {
  const { deps } = year;
  const window = {
    source: { kind: 'job', id: job.key, epoch: 1 },
    accountId: tenant.accountId,
    reason: 'preempted' as const,
    from: Math.floor((job.from + job.to) / 2),
    to: job.to,
    toldAt: deps.clock.now(),
  };
  const credits = await deps.transact((stores) => creditUnusableTime(deps, stores, window));
  year.count('automatic credits', credits.length);
}

async function refund(year: Year, { tenant }: TenantPlan, job: Job): Promise<void> {
  const { deps } = year;
  const { accountId } = tenant;
  const [line] = (await deps.reads.billLines(tenant, { limit: 1 }, job.key)).rows;
  const amountMicros = line === undefined ? 0n : ((line.amountMicros - line.writtenOffMicros) * 37n) / 100n;
  if (line === undefined || amountMicros === 0n) return;
  const result = await refundMoneyToWallet(deps, {
    requestId: `refund ${job.key}`,
    accountId,
    target: { kind: 'bill_line', id: line.id },
    amountMicros,
    reason: 'a slow network',
  });
  year.count(result.kind === 'refunded' ? 'refunds of lines' : `refund refused: ${result.refusal.reason}`);
}
