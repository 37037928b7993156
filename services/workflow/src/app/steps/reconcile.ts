import { isEnded } from '../../domain/run/run.ts';
import { effectKey, type Step } from '../../domain/run/step.ts';
import { faults } from '../../domain/run/workflow-error.ts';
import type { Wake } from './commit-transition.ts';
import type { Deps, Stores } from '../ports.ts';
import { record } from '../record.ts';
import { resumeRun } from './run-changes.ts';
import { doubling, MAX_CRASHES, REDISPATCH_FIRST_MS, REDISPATCH_MAX_MS } from './timing.ts';

export type Reconciled = { dispatched: number; recovered: number; woken: number; stopped: number };

const BATCH = 100;
const STOP_AGAIN_FIRST_MS = 2_000;

/**
 * Looks after every step whose time has come: a ready one that nobody claimed is dispatched again, one whose worker fell
 * silent becomes ready, one that waited goes on. Continuous; nothing depends on what happened at some start.
 */
export async function reconcile(deps: Deps, signal: AbortSignal): Promise<Reconciled> {
  const due = await deps.transact(({ steps }) => steps.due(BATCH));
  const wakes: Wake[] = await deps.transact(({ steps }) =>
    steps.redispatch(
      due.filter(({ status }) => status === 'ready').map(({ id }) => id),
      { firstMs: REDISPATCH_FIRST_MS, maxMs: REDISPATCH_MAX_MS },
    ),
  );
  const dispatched = wakes.length;
  let [recovered, woken] = [0, 0];
  for (const step of due.filter(({ status }) => status !== 'ready')) {
    if (signal.aborted) break;
    const wake = await deps.transact((stores) => attend(stores, deps, step));
    if (wake === undefined) continue;
    wakes.push(wake);
    if (step.status === 'running') recovered += 1;
    else woken += 1;
  }
  if (recovered + woken > 0) deps.committed();
  await deps.dispatcher.wake(wakes);
  return { dispatched, recovered, woken, stopped: await stopJobs(deps, signal) };
}

/** Run first, then step: the order in which everyone locks. */
async function attend(stores: Stores, deps: Deps, due: { id: string; runId: string }): Promise<Wake | undefined> {
  const run = await stores.runs.lock(due.runId);
  if (run === undefined || isEnded(run.status) || !(await stores.steps.isDue(due.id))) return undefined;
  const step = await stores.steps.find(due.id);
  if (step === undefined) return undefined;
  const log = record(stores, run, deps.clock);
  if (step.status === 'running') await takeBack(stores, log, step);
  else if (step.status === 'waiting') await wakeUp(stores, log, step);
  else return undefined;
  await resumeRun(stores, log, run);
  return { stepId: step.id, dispatchSeq: step.dispatchSeq + 1 };
}

/** The worker has not been heard of for a whole lease. Its result, should it come, meets another fence. */
async function takeBack(stores: Stores, log: ReturnType<typeof record>, step: Step): Promise<void> {
  const crashCount = step.crashCount + 1;
  const isHopeless = crashCount >= MAX_CRASHES;
  const error = faults.runtime(`its worker was lost ${crashCount} times`);
  await stores.steps.update(step.id, {
    status: 'ready',
    crashCount,
    isFenced: true,
    addDispatch: true,
    dueInMs: REDISPATCH_FIRST_MS,
    ...(isHopeless && { resume: { kind: 'fault', error } }),
  });
  log.note('step_recovered', step.id, { crash_count: crashCount });
}

/** A waiting step holds what happens now: the wait is over, the person was too late, the job is to be asked for. */
async function wakeUp(stores: Stores, log: ReturnType<typeof record>, step: Step): Promise<void> {
  await stores.steps.update(step.id, { status: 'ready', addDispatch: true, dueInMs: REDISPATCH_FIRST_MS });
  for (const task of await stores.humanTasks.close([step.id], 'expired')) log.task('human_task_expired', task);
}

async function stopJobs(deps: Deps, signal: AbortSignal): Promise<number> {
  let stopped = 0;
  for (const stepId of await deps.transact(({ jobStops }) => jobStops.due(BATCH))) {
    if (signal.aborted) break;
    const found = await deps.transact(async (stores) => {
      const step = await stores.steps.find(stepId);
      const run = step && (await stores.runs.load(step.runId));
      return step && run && { step, run };
    });
    try {
      if (found) await deps.effects.stopJob({ step: found.step, tenant: found.run.tenant, key: effectKey(found.step) });
      await deps.transact(({ jobStops }) => jobStops.done(stepId));
      stopped += 1;
    } catch (error) {
      deps.logger.warn({ stepId, error: String(error) }, 'a job could not be stopped yet');
      await deps.transact(({ jobStops }) =>
        jobStops.later(stepId, doubling(STOP_AGAIN_FIRST_MS, REDISPATCH_MAX_MS, 0)),
      );
    }
  }
  return stopped;
}
