import { invariant } from '@suanli/kernel';
import { decide, type StepEvent, type View } from '../../domain/engine/decide.ts';
import type { Json } from '../../domain/json.ts';
import { MAX_VALUE_BYTES } from '../../domain/limits.ts';
import { isEnded, type Run } from '../../domain/run/run.ts';
import { effectKey, type Step } from '../../domain/run/step.ts';
import { faults } from '../../domain/run/workflow-error.ts';
import { commitTransition, type Wake } from './commit-transition.ts';
import { drive } from './drive.ts';
import { holdLease, type Lease } from './hold-lease.ts';
import type { Deps, EffectOutcome, Stores } from '../ports.ts';
import type { Programs } from '../definitions/programs.ts';
import { record } from '../record.ts';
import { resumeRun, updateRunStatus } from './run-changes.ts';
import { doubling, MAX_CONFLICTS, MAX_UNAVAILABLE, UNAVAILABLE_FIRST_MS, UNAVAILABLE_MAX_MS } from './timing.ts';

export type WorkerDeps = Deps & { programs: Programs };
export type StepResult = 'not ready' | 'advanced' | 'started' | 'postponed' | 'released' | 'lost';

/**
 * Takes a ready step as far as it goes: claim, effect, decision, commit. Whatever ends this process in between, the lease
 * runs out and another does it again with the same effect key; what a slower one brings after that is dropped.
 */
export async function runStep(deps: WorkerDeps, stepId: string, stopping: AbortSignal): Promise<StepResult> {
  const claimed = stopping.aborted ? undefined : await claim(deps, stepId);
  if (claimed === undefined) return 'not ready';
  await using lease = holdLease(deps, claimed.step, stopping);
  const happened = await happen(deps, claimed, lease);
  if (lease.isLost()) return 'lost';
  switch (happened.kind) {
    case 'event':
      return advance(deps, claimed.step, happened.event);
    case 'started':
      return awaitJob(deps, claimed.step, happened);
    case 'unavailable':
      return postpone(deps, claimed.step, happened.reason, stopping.aborted);
  }
}

type Claimed = { run: Run; step: Step };

async function claim(deps: WorkerDeps, stepId: string): Promise<Claimed | undefined> {
  return deps.transact(async (stores) => {
    const found = await stores.steps.find(stepId);
    if (found?.status !== 'ready') return undefined;
    const run = await stores.runs.lock(found.runId);
    if (run === undefined || isEnded(run.status)) return undefined;
    const step = await stores.steps.claim(stepId, deps.leaseMs);
    if (step === undefined) return undefined;
    const log = record(stores, run, deps.clock);
    if (step.resume?.kind === 'perform')
      log.step(step, { name: step.name, kind: step.function ?? step.kind, attempt: step.attempt });
    if (run.status !== 'running') log.run('run_running', { ...run, status: 'running' });
    await stores.runs.update(run.id, { status: 'running', sequence: await log.write() });
    return { run, step };
  });
}

type Happened = { kind: 'event'; event: StepEvent } | Extract<EffectOutcome, { kind: 'started' | 'unavailable' }>;

/** What has happened to the step: it holds that already, or an effect must be done to find out. */
async function happen(deps: WorkerDeps, { run, step }: Claimed, lease: Lease): Promise<Happened> {
  const { resume } = step;
  invariant(resume !== undefined, `the ready step ${step.id} holds nothing to go on with`);
  if (resume.kind !== 'perform' && resume.kind !== 'collect') return { kind: 'event', event: resume };
  const outcome = await attempt(deps, { run, step }, resume.kind, lease.signal);
  switch (outcome.kind) {
    case 'done':
      return { kind: 'event', event: resultOf(outcome.output) };
    case 'failed':
      return { kind: 'event', event: { kind: 'fault', error: outcome.error } };
    case 'unavailable': {
      if (step.attempt < MAX_UNAVAILABLE || lease.signal.aborted) return outcome;
      const error = faults.communication(503, `not available, after ${step.attempt} attempts: ${outcome.reason}`);
      return { kind: 'event', event: { kind: 'fault', error } };
    }
    case 'started':
      return outcome;
  }
}

async function attempt(
  deps: WorkerDeps,
  { run, step }: Claimed,
  what: 'perform' | 'collect',
  signal: AbortSignal,
): Promise<EffectOutcome> {
  try {
    return await deps.effects[what]({ step, tenant: run.tenant, key: effectKey(step) }, signal);
  } catch (error) {
    deps.logger.warn({ stepId: step.id, error: String(error) }, 'an effect could not be done');
    return { kind: 'unavailable', reason: 'it failed for a reason of our own' };
  }
}

function resultOf(output: Json): StepEvent {
  if (Buffer.byteLength(JSON.stringify(output)) <= MAX_VALUE_BYTES) return { kind: 'result', output };
  return { kind: 'fault', error: faults.limit(`a step gives at most ${MAX_VALUE_BYTES} bytes`) };
}

/** Decides outside of any transaction, commits if the run is still the one that was decided on, else decides again. */
async function advance(deps: WorkerDeps, step: Step, event: StepEvent): Promise<StepResult> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const seen = await deps.transact((stores) => look(stores, deps.programs, step));
    if (seen === undefined) return 'lost';
    const circumstances = { now: deps.clock.now(), chance: deps.rng.next() };
    const transition = await drive(decide(seen.view, event, circumstances), deps.evaluator);
    const committed = await deps.transact(async (stores): Promise<Wake[] | 'changed' | 'lost'> => {
      const run = await lockHeld(stores, step);
      if (run === undefined) return 'lost';
      if (run.version !== seen.version) return 'changed';
      return commitTransition(stores, deps, run, transition);
    });
    if (committed === 'lost') return 'lost';
    if (committed === 'changed') continue;
    deps.committed();
    await deps.dispatcher.wake(committed);
    return 'advanced';
  }
  return postpone(deps, step, 'the run changed too often', true);
}

async function look(
  stores: Stores,
  programs: Programs,
  step: Step,
): Promise<{ view: View; version: bigint } | undefined> {
  const run = await stores.runs.load(step.runId);
  const chain = await stores.steps.chain(step.id);
  const current = chain.at(-1);
  if (run === undefined || current?.fence !== step.fence || current.status !== 'running') return undefined;
  const program = await programs.of(stores, run.definitionId);
  const context = await stores.runs.context(run.id, run.contextVersion);
  const branches = await stores.steps.branchOutputs(chain.filter((frame) => frame.kind === 'fork'));
  return { view: { program, run: { ...run, context }, chain, branches }, version: run.version };
}

/** The run, locked, if this claim of the step still stands. */
async function lockHeld(stores: Stores, step: Step): Promise<Run | undefined> {
  const run = await stores.runs.lock(step.runId);
  if (run === undefined || isEnded(run.status)) return undefined;
  return (await stores.steps.isHeld(step.id, step.fence)) ? run : undefined;
}

type JobStarted = Extract<EffectOutcome, { kind: 'started' }>;

/** The step waits for the end of its job, unless that was heard of before. */
async function awaitJob(deps: WorkerDeps, step: Step, { jobId, askAgainMs }: JobStarted): Promise<StepResult> {
  const wakes = await deps.transact(async (stores): Promise<Wake[] | undefined> => {
    const run = await lockHeld(stores, step);
    const current = await stores.steps.find(step.id);
    if (run === undefined || current === undefined) return undefined;
    const isOver = current.isJobEnded && step.resume?.kind === 'perform';
    const log = record(stores, run, deps.clock);
    await stores.steps.update(step.id, {
      status: isOver ? 'ready' : 'waiting',
      jobId,
      resume: { kind: 'collect' },
      dueInMs: askAgainMs,
      addDispatch: true,
    });
    if (!isOver && step.resume?.kind === 'perform')
      log.step({ ...step, status: 'waiting' }, { name: step.name, job_id: jobId });
    await updateRunStatus(stores, log, run, { ...run, version: run.version + 1n, now: log.at });
    return isOver ? [{ stepId: step.id, dispatchSeq: current.dispatchSeq + 1 }] : [];
  });
  if (wakes === undefined) return 'lost';
  deps.committed();
  await deps.dispatcher.wake(wakes);
  return 'started';
}

/** Gives the step back: later, because nobody could do its effect; or at once, because this process stops. */
async function postpone(deps: WorkerDeps, step: Step, reason: string, isAtOnce: boolean): Promise<StepResult> {
  const isOurs = await deps.transact(async (stores) => {
    const run = await lockHeld(stores, step);
    if (run === undefined) return false;
    const delayMs = doubling(UNAVAILABLE_FIRST_MS, UNAVAILABLE_MAX_MS, step.attempt - 1);
    await stores.steps.update(step.id, {
      status: 'ready',
      isFenced: true,
      dueInMs: isAtOnce ? 0 : delayMs,
      ...(isAtOnce && { attempt: step.attempt - 1 }),
    });
    const log = record(stores, run, deps.clock);
    if (!isAtOnce) log.note('step_postponed', step.id, { reason, delay_ms: delayMs });
    await resumeRun(stores, log, run);
    return true;
  });
  if (!isOurs) return 'lost';
  return isAtOnce ? 'released' : 'postponed';
}
