import type { Deps, Stores } from '../ports.ts';
import { record } from '../record.ts';
import { resumeRun } from '../steps/run-changes.ts';

/** A job has ended. If a step waits for it, the step asks for its result; if it is about to, it will know at once. */
export async function jobFinished(
  stores: Stores,
  deps: Pick<Deps, 'clock'>,
  event: { externalKey: string; accountId: string },
): Promise<void> {
  const found = event.externalKey === '' ? undefined : await stores.steps.find(event.externalKey);
  if (found?.function !== 'job.run') return;
  const run = await stores.runs.lock(found.runId);
  if (run?.tenant.accountId !== event.accountId) return; // An external key is the submitter's own text.
  const step = await stores.steps.find(found.id);
  if (step === undefined || step.isJobEnded) return;
  const isWaiting = step.status === 'waiting';
  await stores.steps.update(step.id, {
    isJobEnded: true,
    ...(isWaiting && { status: 'ready' as const, resume: { kind: 'collect' as const }, dueInMs: 0, addDispatch: true }),
  });
  if (isWaiting) await resumeRun(stores, record(stores, run, deps.clock), run);
}
