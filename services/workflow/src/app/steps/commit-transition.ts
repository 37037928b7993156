import { isFrame } from '../../domain/definition/program.ts';
import type { StepDraft, StepPatch as EnginePatch, Transition } from '../../domain/engine/transition.ts';
import type { StepHead } from '../../domain/intervention/dependents.ts';
import type { Run } from '../../domain/run/run.ts';
import { isLive, type Step } from '../../domain/run/step.ts';
import type { Deps, NewStep, StepPatch, Stores } from '../ports.ts';
import { record, type Record } from '../record.ts';
import { endSteps, updateRunStatus } from './run-changes.ts';
import { REDISPATCH_FIRST_MS } from './timing.ts';

/** A step to wake once the transaction has committed. */
export type Wake = { stepId: string; dispatchSeq: number };

/**
 * Writes what the engine decided: steps, human tasks, context, run, journal and outbox. The caller has locked the run and
 * checked that it is the version that the decision was made on.
 */
export async function commitTransition(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  run: Run,
  transition: Transition,
): Promise<Wake[]> {
  const log = record(stores, run, deps.clock);
  const doomed = await stepsToCancel(stores, run, transition);
  await endSteps(stores, log, doomed, 'cancelled');
  for (const { version, value } of transition.contexts) await stores.runs.addContext(run.id, version, value);

  const idOf = new Map(transition.added.map((draft) => [draft.ref, deps.ids.next('stp')]));
  const resolve = (ref: string) => idOf.get(ref) ?? ref;
  const readied = await change(stores, deps, log, transition);
  const inserted = await stores.steps.insert(transition.added.map((draft, i) => newStep(deps, run, draft, i, resolve)));
  for (const step of inserted) log.step(step, factsOf(step));
  await openTasks(stores, deps, log, run, transition, resolve);

  await updateRunStatus(stores, log, run, {
    ...(transition.end && { end: transition.end }),
    contextCount: run.contextCount + transition.contexts.length,
    contextVersion: transition.contexts.at(-1)?.version ?? run.contextVersion,
    stepCount: run.stepCount + transition.added.length,
    version: run.version + 1n,
    now: deps.clock.now(),
  });
  const ready = inserted.filter((step) => step.status === 'ready');
  return [...readied, ...ready.map(({ id, dispatchSeq }) => ({ stepId: id, dispatchSeq }))];
}

/** What lives under frames that ended, or anywhere when the run did, and is not itself part of the decision. */
async function stepsToCancel(stores: Stores, run: Run, { changed, endedFrames, end }: Transition): Promise<StepHead[]> {
  if (end === undefined && endedFrames.length === 0) return [];
  const live = (await stores.steps.heads(run.id, true)).filter((head) => !changed.has(head.id));
  if (end !== undefined) return live;
  const parents = new Map((await stores.steps.heads(run.id, true)).map((head) => [head.id, head.parentId]));
  const isDoomed = (head: StepHead) => {
    for (let above = head.parentId; above !== undefined; above = parents.get(above)) {
      if (endedFrames.includes(above)) return true;
    }
    return false;
  };
  return live.filter(isDoomed);
}

async function change(
  stores: Stores,
  deps: Pick<Deps, 'clock'>,
  log: Record,
  { changed }: Transition,
): Promise<Wake[]> {
  const readied: Wake[] = [];
  for (const step of await stores.steps.load([...changed.keys()])) {
    const patch = changed.get(step.id) ?? {};
    await stores.steps.update(step.id, storePatch(deps, patch));
    const after = { ...step, status: patch.status ?? step.status, ...(patch.error && { error: patch.error }) };
    if (after.status !== step.status) log.step(after, factsOf(after));
    if (patch.status === 'ready') readied.push({ stepId: step.id, dispatchSeq: step.dispatchSeq + 1 });
  }
  return readied;
}

function storePatch(deps: Pick<Deps, 'clock'>, patch: EnginePatch): StepPatch {
  const { dueInMs, ...rest } = patch;
  const isOver = patch.status !== undefined && !isLive(patch.status);
  return {
    ...rest,
    ...(dueInMs !== undefined && { dueInMs }),
    ...(patch.status === 'ready' && { dueInMs: REDISPATCH_FIRST_MS, addDispatch: true }),
    ...(isOver && { finishedAt: deps.clock.now() }),
  };
}

function newStep(
  deps: Pick<Deps, 'clock'>,
  run: Run,
  draft: StepDraft,
  place: number,
  resolve: (ref: string) => string,
): NewStep {
  const { task, ref, parentRef, resume, dueInMs, ...rest } = draft;
  const now = deps.clock.now();
  const due = draft.status === 'ready' ? REDISPATCH_FIRST_MS : dueInMs;
  return {
    ...rest,
    id: resolve(ref),
    runId: run.id,
    ...(parentRef !== undefined && { parentId: resolve(parentRef) }),
    path: task.path,
    name: task.name,
    kind: task.body.kind,
    ...(task.body.kind === 'call' && { function: task.body.function }),
    ordinal: run.stepCount + place,
    isFrame: isFrame(task),
    round: draft.round ?? 0,
    ...(resume && { resume }),
    ...(due != null && { dueInMs: due }),
    attempt: 0,
    crashCount: 0,
    costMicros: 0n,
    isJobEnded: false,
    madeBy: 'run',
    createdAt: now,
    ...(draft.status !== 'ready' && { startedAt: now }),
    ...(!isLive(draft.status) && { finishedAt: now }),
  };
}

async function openTasks(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  log: Record,
  run: Run,
  { opened }: Transition,
  resolve: (ref: string) => string,
): Promise<void> {
  const now = deps.clock.now();
  for (const { stepRef, expiresInMs, ...draft } of opened) {
    const stepId = resolve(stepRef);
    const task = {
      ...draft,
      id: deps.ids.next('htk'),
      tenant: run.tenant,
      runId: run.id,
      stepId,
      status: 'open' as const,
    };
    const dated = { ...task, createdAt: now, ...(expiresInMs !== undefined && { expiresAt: now + expiresInMs }) };
    await stores.humanTasks.insert(dated);
    await stores.steps.update(stepId, { humanTaskId: task.id });
    log.task('human_task_opened', dated);
  }
}

function factsOf(step: Pick<Step, 'name' | 'kind' | 'function' | 'iteration' | 'error'>) {
  return {
    name: step.name,
    kind: step.function ?? step.kind,
    ...(step.iteration !== '' && { iteration: step.iteration }),
    ...(step.error && { error: { ...step.error } }),
  };
}
