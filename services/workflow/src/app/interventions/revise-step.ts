import type { TenantPath } from '@suanli/kernel';
import { dependentsOf, framesAround, type StepHead } from '../../domain/intervention/dependents.ts';
import { beginRevision, reopenFrame, type Revision } from '../../domain/intervention/revise.ts';
import type { Run } from '../../domain/run/run.ts';
import type { Step } from '../../domain/run/step.ts';
import type { Wake } from '../steps/commit-transition.ts';
import type { Deps, NewStep, Stores } from '../ports.ts';
import type { Record } from '../record.ts';
import { endSteps } from '../steps/run-changes.ts';
import { REDISPATCH_FIRST_MS } from '../steps/timing.ts';

export type Revised = { step: Step; wakes: Wake[] };

/**
 * Puts a new revision in the place of a step, and has everything after it run again. What is replaced stays readable.
 * The run is locked by the caller and goes on from the context that the step began with, also when it had ended.
 */
export async function reviseStep(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  log: Record,
  run: Run,
  step: Step,
  revision: Revision & { madeBy: TenantPath['principalId'] },
): Promise<Revised> {
  const heads = await stores.steps.heads(run.id, false);
  const own = heads.find((head) => head.id === step.id);
  const frames = framesAround(step, heads);
  const dependents = own ? dependentsOf(own, heads, revision.action === 'redo' ? 'redo' : 'keep') : [];
  await endSteps(stores, log, [...(own ? [own] : []), ...frames, ...dependents], 'superseded');

  const parents = await reopenFrames(stores, deps, run, frames, step);
  const next = nextRevision(deps, run, step, revision, {
    ordinal: run.stepCount + frames.length,
    parentId: parents.at(-1),
  });
  const [inserted] = await stores.steps.insert([next]);
  if (inserted === undefined) throw new Error(`the store did not give back the revision of ${step.id}`);
  log.step(inserted, { action: revision.action, by: revision.madeBy, replaces: step.id });
  log.run('run_running', { ...run, status: 'running' });
  await stores.runs.update(run.id, {
    status: 'running',
    error: null,
    output: null,
    finishedAt: null,
    contextVersion: step.contextVersion,
    stepCount: run.stepCount + frames.length + 1,
    version: run.version + 1n,
    sequence: await log.write(),
  });
  return { step: inserted, wakes: [{ stepId: inserted.id, dispatchSeq: inserted.dispatchSeq }] };
}

/** The frames around the step, open again, each in the other's place. Gives their ids, outermost first. */
async function reopenFrames(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  run: Run,
  frames: readonly StepHead[],
  inner: Step,
): Promise<string[]> {
  const rows = new Map((await stores.steps.load(frames.map(({ id }) => id))).map((frame) => [frame.id, frame]));
  const parents: string[] = [];
  for (const [i, { id }] of frames.entries()) {
    const frame = rows.get(id);
    if (frame === undefined) continue;
    const reopened = reopenedFrame(deps, frame, inner, { ordinal: run.stepCount + i, parentId: parents.at(-1) });
    await stores.steps.insert([reopened]);
    await stores.steps.reparent(frame.id, reopened.id);
    parents.push(reopened.id);
  }
  return parents;
}

type Place = { ordinal: number; parentId: string | undefined };

export function reopenedFrame(
  deps: Pick<Deps, 'ids' | 'clock'>,
  frame: Step,
  inner: Step,
  { ordinal, parentId }: Place,
): NewStep {
  return {
    ...lineage(frame),
    ...reopenFrame(frame, inner),
    id: deps.ids.next('stp'),
    ...(parentId !== undefined && { parentId }),
    ordinal,
    status: 'running',
    madeBy: 'run',
    createdAt: deps.clock.now(),
    startedAt: deps.clock.now(),
  };
}

export function nextRevision(
  deps: Pick<Deps, 'ids' | 'clock'>,
  run: Pick<Run, 'id'>,
  step: Step,
  revision: Revision & { madeBy: string },
  { ordinal, parentId }: Place,
): NewStep {
  return {
    ...lineage(step),
    ...beginRevision(step, revision),
    id: deps.ids.next('stp'),
    runId: run.id,
    ...(parentId !== undefined && { parentId }),
    ordinal,
    status: 'ready',
    dueInMs: REDISPATCH_FIRST_MS,
    madeBy: revision.madeBy,
    ...(revision.comment !== '' && { comment: revision.comment }),
    createdAt: deps.clock.now(),
  };
}

/** What a revision shares with the one before. */
function lineage(step: Step) {
  const { runId, path, name, kind, iteration, isFrame, input, round, contextVersion } = step;
  return {
    ...{ runId, path, name, kind, iteration, isFrame, input, round, contextVersion },
    ...(step.function && { function: step.function }),
    ...(step.taskInput !== undefined && { taskInput: step.taskInput }),
    ...(step.arguments !== undefined && { arguments: step.arguments }),
    attempt: 0,
    crashCount: 0,
    costMicros: 0n,
    isJobEnded: false,
  };
}
