import type { Instant } from '@suanli/kernel';
import type { RunEnd } from '../../domain/engine/transition.ts';
import type { StepHead } from '../../domain/intervention/dependents.ts';
import { isEnded, type Run, type RunStatus } from '../../domain/run/run.ts';
import { isLive } from '../../domain/run/step.ts';
import type { RunPatch, Stores } from '../ports.ts';
import type { Record } from '../record.ts';

/** Ends steps from outside: whoever holds them loses them, their questions are withdrawn, their jobs stopped. */
export async function endSteps(
  stores: Stores,
  log: Record,
  heads: readonly StepHead[],
  status: 'cancelled' | 'superseded',
): Promise<void> {
  for (const head of heads) {
    const wasLive = isLive(head.status);
    await stores.steps.update(head.id, {
      status,
      ...(wasLive && { isFenced: true, resume: null, dueInMs: null, finishedAt: log.at }),
    });
    log.step({ ...head, status });
  }
  const live = heads.filter((head) => isLive(head.status));
  for (const task of await stores.humanTasks.close(
    live.map(({ id }) => id),
    'withdrawn',
  )) {
    log.task('human_task_withdrawn', task);
  }
  await stores.jobStops.add(live.filter(mayHaveJob).map(({ id }) => id));
}

/** Running as well: the job may have been submitted by a worker that has not said so yet. */
function mayHaveJob(head: StepHead): boolean {
  return head.function === 'job.run' && !head.isJobEnded && (head.status === 'running' || head.status === 'waiting');
}

export type RunChange = Pick<Run, 'contextCount' | 'contextVersion' | 'stepCount' | 'version'> & {
  end?: RunEnd;
  now: Instant;
};

/** Sets the run to what its steps say, and writes the journal. Call last in a transaction. */
export async function updateRunStatus(stores: Stores, log: Record, run: Run, change: RunChange): Promise<void> {
  const { end, now, contextCount, contextVersion, stepCount, version } = change;
  const counts = { contextCount, contextVersion, stepCount, version };
  const status = end?.status ?? (await statusOfSteps(stores, run.id));
  if (status !== run.status || end)
    log.run(`run_${status}`, runAfter(run, status, end), end?.error ? { error: { ...end.error } } : {});
  const ending: RunPatch = end
    ? { finishedAt: now, ...(end.error ? { error: end.error } : { output: end.output }) }
    : {};
  await stores.runs.update(run.id, { ...counts, status, ...ending, sequence: await log.write() });
}

function runAfter(run: Run, status: RunStatus, end: RunEnd | undefined): Run {
  return { ...run, status, ...(end?.error && { error: end.error }) };
}

async function statusOfSteps(stores: Stores, runId: string): Promise<'running' | 'waiting'> {
  const live = await stores.steps.heads(runId, true);
  // A frame at rest is running without a time: something in it decides.
  const isActive = live.some(({ status, isDue }) => status === 'ready' || (status === 'running' && isDue));
  return isActive ? 'running' : 'waiting';
}

/** A run that waited goes on, because one of its steps does. */
export async function resumeRun(stores: Stores, log: Record, run: Run): Promise<void> {
  if (run.status === 'waiting') log.run('run_running', { ...run, status: 'running' });
  const status = isEnded(run.status) ? run.status : 'running';
  await stores.runs.update(run.id, { status, version: run.version + 1n, sequence: await log.write() });
}
