import type { CallContext } from '@suanli/kernel';
import { isReviewAction } from '../../domain/definition/functions.ts';
import { actionsOn, type Intervention } from '../../domain/intervention/actions.ts';
import type { Revision } from '../../domain/intervention/revise.ts';
import type { Json } from '../../domain/json.ts';
import type { HumanTask } from '../../domain/run/human-task.ts';
import type { Run } from '../../domain/run/run.ts';
import type { Step } from '../../domain/run/step.ts';
import { command, type Done } from '../command.ts';
import type { Wake } from '../steps/commit-transition.ts';
import { checkDecision, decideOpenTask } from './decide-human-task.ts';
import { forkRun } from './fork-run.ts';
import type { Deps, Stores } from '../ports.ts';
import { record } from '../record.ts';
import { Refuse, type Refusal, refused } from '../refusal.ts';
import { reviseStep } from './revise-step.ts';

export type InterveneStep = {
  runId: string;
  stepId: string;
  action: Intervention;
  output?: Json;
  comment: string;
  /** 0 does not check. */
  expectedRevision: number;
};

type Answer = { runId: string; stepId: string };

/** A hand on a step that has ended or waits. Everything after it runs again; nothing that it replaces is lost. */
export async function interveneStep(
  deps: Deps,
  ctx: CallContext,
  request: InterveneStep,
): Promise<Done<Answer> | Refusal> {
  const { runId, stepId, action, output, comment } = request;
  if (action === 'edit' && output === undefined)
    return refused({ reason: 'invalid_decision', detail: 'an edit needs the new output' });
  const seen = await deps.transact((stores) => find(stores, ctx, runId, stepId));
  if ('kind' in seen) return seen;
  if (seen.task?.status === 'open' && isReviewAction(action)) {
    const refusal = await checkDecision(deps, seen.task, { action, ...(output !== undefined && { output }) });
    if (refusal !== undefined) return refusal;
  }
  let wakes: Wake[] = [];
  const body = { runId, stepId, action, comment, output: output ?? null, expectedRevision: request.expectedRevision };
  const done = await command(deps.transact, ctx, { name: 'intervene-step', body }, async (stores): Promise<Answer> => {
    const run = await stores.runs.lock(runId);
    const current = await find(stores, ctx, runId, stepId);
    if (run === undefined || 'kind' in current) throw new Refuse({ reason: 'step_not_found' });
    checkAllowed({ ...current, run }, request);
    const result = await act(stores, deps, ctx, { ...current, run }, request);
    wakes = result.wakes;
    return { runId: result.step.runId, stepId: result.step.id };
  });
  if (done.kind === 'done') {
    deps.committed();
    await deps.dispatcher.wake(wakes);
  }
  return done;
}

type Found = { run: Run; step: Step; task: HumanTask | undefined };

async function find(stores: Stores, ctx: CallContext, runId: string, stepId: string): Promise<Found | Refusal> {
  const run = await stores.runs.get(ctx.tenant, runId);
  if (run === undefined) return refused({ reason: 'run_not_found' });
  const step = await stores.steps.get(runId, stepId);
  if (step === undefined) return refused({ reason: 'step_not_found' });
  const task = step.humanTaskId === undefined ? undefined : await stores.humanTasks.get(ctx.tenant, step.humanTaskId);
  return { run, step, task };
}

function checkAllowed({ run, step, task }: Found, { action, expectedRevision }: InterveneStep): void {
  if (expectedRevision !== 0 && (step.revision !== expectedRevision || step.status === 'superseded')) {
    throw new Refuse({ reason: 'revision_changed', revision: step.revision });
  }
  const allowed = actionsOn(run, step, task?.status === 'open' ? task.actions : undefined);
  if (!allowed.includes(action)) throw new Refuse({ reason: 'action_not_allowed', action, allowed });
}

async function act(
  stores: Stores,
  deps: Deps,
  ctx: CallContext,
  { run, step, task }: Found,
  request: InterveneStep,
): Promise<{ step: Step; wakes: Wake[] }> {
  const { action, output, comment } = request;
  const given = output === undefined ? {} : { output };
  const by = ctx.tenant.principalId;
  if (action === 'fork') return forkRun(stores, deps, ctx, run, step, { ...given, comment });
  if (task?.status === 'open' && isReviewAction(action)) {
    return decideOpenTask(stores, deps, task, { action, ...given, comment, decidedBy: by });
  }
  const revision = revisionOf(action, output, comment);
  return reviseStep(stores, deps, record(stores, run, deps.clock), run, step, { ...revision, madeBy: by });
}

function revisionOf(action: Intervention, output: Json | undefined, comment: string): Revision {
  if (action === 'edit' && output !== undefined) return { action, output, comment };
  if (action === 'skip') return { action, ...(output !== undefined && { output }), comment };
  return { action: 'redo', comment };
}
