import type { ReviewAction } from '../../domain/definition/functions.ts';
import { judgedEffect } from '../../domain/intervention/dependents.ts';
import type { Json } from '../../domain/json.ts';
import type { HumanTask } from '../../domain/run/human-task.ts';
import type { Run } from '../../domain/run/run.ts';
import type { Resume, Step } from '../../domain/run/step.ts';
import { faults } from '../../domain/run/workflow-error.ts';
import type { Deps, Stores } from '../ports.ts';
import { record, type Record } from '../record.ts';
import { Refuse } from '../refusal.ts';
import { type Revised, reviseStep } from './revise-step.ts';
import { resumeRun } from '../steps/run-changes.ts';
import { REDISPATCH_FIRST_MS } from '../steps/timing.ts';

export type Decision = { action: ReviewAction; output?: Json; comment: string; decidedBy: string };

/** A person's answer to an open question, in the transaction that closes it. The run and the task are locked. */
export async function decideStep(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  { run, step, task }: { run: Run; step: Step; task: HumanTask },
  decision: Decision,
): Promise<Revised> {
  const log = record(stores, run, deps.clock);
  await close(stores, log, task, decision);
  const isReview = step.function === 'human.review';
  const { action, comment, decidedBy: madeBy } = decision;
  if (action === 'redo') {
    const heads = await stores.steps.heads(run.id, false);
    const review = heads.find((head) => head.id === step.id);
    const judged = isReview && review ? judgedEffect(review, heads)?.id : step.id;
    const target = judged === undefined ? undefined : await stores.steps.find(judged);
    if (target === undefined)
      throw new Refuse({ reason: 'invalid_decision', detail: 'no effect before this review can be done again' });
    return reviseStep(stores, deps, log, run, target, { action: 'redo', comment, madeBy });
  }
  if (action === 'edit' && !isReview) {
    return reviseStep(stores, deps, log, run, step, {
      action: 'edit',
      output: decision.output ?? null,
      comment,
      madeBy,
    });
  }
  return goOn(stores, log, run, step, resumeAfter(task, decision, isReview));
}

async function close(
  stores: Stores,
  log: Record,
  task: HumanTask,
  { action, comment, decidedBy }: Decision,
): Promise<void> {
  const decided = { status: 'decided' as const, action, comment, decidedBy, decidedAt: log.at };
  await stores.humanTasks.update(task.id, decided);
  log.task('human_task_decided', { ...task, ...decided });
}

/** What a human.review gives; an effect that was judged keeps what it gave. */
function resumeAfter(task: HumanTask, decision: Decision, isReview: boolean): Resume {
  const { action, comment, decidedBy } = decision;
  if (action === 'reject')
    return { kind: 'fault', error: faults.rejected(comment === '' ? `rejected by ${decidedBy}` : comment) };
  if (!isReview) return { kind: 'settle' };
  const output = action === 'edit' ? (decision.output ?? null) : task.subject;
  return { kind: 'result', output: { action, output, comment, decided_by: decidedBy } };
}

async function goOn(stores: Stores, log: Record, run: Run, step: Step, resume: Resume): Promise<Revised> {
  await stores.steps.update(step.id, { status: 'ready', resume, addDispatch: true, dueInMs: REDISPATCH_FIRST_MS });
  await resumeRun(stores, log, run);
  const dispatchSeq = step.dispatchSeq + 1;
  return { step: { ...step, status: 'ready', dispatchSeq }, wakes: [{ stepId: step.id, dispatchSeq }] };
}
