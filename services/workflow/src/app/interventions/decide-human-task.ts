import type { CallContext } from '@suanli/kernel';
import type { ReviewAction } from '../../domain/definition/functions.ts';
import type { Json } from '../../domain/json.ts';
import type { HumanTask } from '../../domain/run/human-task.ts';
import { command, type Done } from '../command.ts';
import { type Decision, decideStep } from './decide-step.ts';
import type { Deps, Stores } from '../ports.ts';
import { Refuse, type Refusal, refused } from '../refusal.ts';
import type { Revised } from './revise-step.ts';

export type DecideHumanTask = { humanTaskId: string; action: ReviewAction; output?: Json; comment: string };

/** Answers a question to a person, once: whoever comes second is told what was decided. */
export async function decideHumanTask(
  deps: Deps,
  ctx: CallContext,
  request: DecideHumanTask,
): Promise<Done<{ humanTaskId: string }> | Refusal> {
  const { humanTaskId, output, ...rest } = request;
  const task = await deps.transact(({ humanTasks }) => humanTasks.get(ctx.tenant, humanTaskId));
  if (task === undefined) return refused({ reason: 'human_task_not_found' });
  const refusal = await checkDecision(deps, task, request);
  if (refusal !== undefined) return refusal;
  const decision: Decision = { ...rest, ...(output !== undefined && { output }), decidedBy: ctx.tenant.principalId };
  let revised: Revised | undefined;
  const body = { humanTaskId, ...rest, output: output ?? null };
  const done = await command(deps.transact, ctx, { name: 'decide-human-task', body }, async (stores) => {
    revised = await decideOpenTask(stores, deps, task, decision);
    return { humanTaskId };
  });
  if (done.kind === 'done') {
    deps.committed();
    await deps.dispatcher.wake(revised?.wakes ?? []);
  }
  return done;
}

/** What can be said before anything is locked: the task's actions and its schema never change. */
export async function checkDecision(
  deps: Pick<Deps, 'evaluator'>,
  task: HumanTask,
  { action, output }: Pick<DecideHumanTask, 'action' | 'output'>,
): Promise<Refusal | undefined> {
  if (!task.actions.includes(action)) {
    return refused({ reason: 'action_not_allowed', action, allowed: task.status === 'open' ? task.actions : [] });
  }
  if (action !== 'edit') return undefined;
  if (output === undefined) return refused({ reason: 'invalid_decision', detail: 'an edit needs the new output' });
  if (task.schema === undefined) return undefined;
  const verdict = await deps.evaluator.answer({ kind: 'validate', schema: task.schema, value: output });
  return verdict.kind === 'failed' ? refused({ reason: 'invalid_decision', detail: verdict.detail }) : undefined;
}

/** Run, then task: the order in which everyone locks. */
export async function decideOpenTask(
  stores: Stores,
  deps: Deps,
  seen: HumanTask,
  decision: Decision,
): Promise<Revised> {
  const run = await stores.runs.lock(seen.runId);
  const task = await stores.humanTasks.lock(seen.id);
  const step = await stores.steps.find(seen.stepId);
  if (run === undefined || task === undefined || step === undefined)
    throw new Refuse({ reason: 'human_task_not_found' });
  if (task.status !== 'open') {
    const { status, action = '', decidedBy = '' } = task;
    throw new Refuse({ reason: 'already_decided', status, action, decidedBy });
  }
  return decideStep(stores, deps, { run, step, task }, decision);
}
