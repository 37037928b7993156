import type { CatchClause, ErrorFilter, RetryPolicy } from '../definition/program.ts';
import type { Template } from '../definition/templates.ts';
import { MAX_WAIT_MS } from '../limits.ts';
import { inRetry } from '../run/iteration.ts';
import type { FrameState } from '../run/step.ts';
import type { WorkflowError } from '../run/workflow-error.ts';
import { durationMs, enterFirst } from './enter.ts';
import type { Asking, Variables } from './question.ts';
import { end, evaluate, isTrue, type Node, patch, placeOf, type Session, TaskFault } from './session.ts';

type TryNode = Node & { state: FrameState & { kind: 'try' } };

/** A task has faulted: the nearest `try` around it that catches the error goes on from there, or the run faults. */
export function* fail(session: Session, node: Node, fault: WorkflowError): Asking<void> {
  let error: WorkflowError = { ...fault, instance: fault.instance ?? node.task.path };
  end(session, node, { status: 'faulted', error });
  for (let frame = node.parent; frame; frame = frame.parent) {
    if (isTrying(frame) && frame.task.body.kind === 'try') {
      const caught = yield* tryCatch(session, frame, frame.task.body.catch, error);
      if (caught === 'caught') return;
      if (caught !== 'passed on') error = { ...caught, instance: caught.instance ?? frame.task.path };
    }
    end(session, frame, { status: 'faulted', error });
  }
  session.end = { status: 'faulted', error };
}

function isTrying(frame: Node): frame is TryNode {
  return frame.state?.kind === 'try' && frame.state.phase === 'try';
}

/** A fault in a condition of the clause takes the place of the error that was to be caught. */
function* tryCatch(
  session: Session,
  frame: TryNode,
  clause: CatchClause,
  error: WorkflowError,
): Asking<'caught' | 'passed on' | WorkflowError> {
  try {
    if (!matches(clause.filter, error)) return 'passed on';
    const bound: Variables = { [clause.as]: { ...error } };
    if (!(yield* allows(session, frame, clause, bound))) return 'passed on';
    session.endedFrames.push(frame.ref); // What still runs in the block is of no more use.
    if (yield* retry(session, frame, clause.retry, error, bound)) return 'caught';
    handle(session, frame, clause, error);
    return 'caught';
  } catch (thrown) {
    if (thrown instanceof TaskFault) return thrown.error;
    throw thrown;
  }
}

function handle(session: Session, frame: TryNode, clause: CatchClause, error: WorkflowError): void {
  patch(session, frame, { state: { ...frame.state, phase: 'catch', error } });
  const iteration = inRetry(placeOf(frame), frame.state.attempt);
  if (clause.tasks) enterFirst(session, frame, clause.tasks, iteration, frame.taskInput);
  else session.moves.push({ kind: 'complete', node: frame, output: frame.taskInput });
}

function matches(filter: ErrorFilter | undefined, error: WorkflowError): boolean {
  if (filter === undefined) return true;
  const { type, status, instance, title, detail } = filter;
  return (
    (type === undefined || type === error.type) &&
    (status === undefined || status === error.status) &&
    (instance === undefined || instance === error.instance) &&
    (title === undefined || title === error.title) &&
    (detail === undefined || detail === error.detail)
  );
}

type Conditions = { when?: Template; exceptWhen?: Template };

function* allows(session: Session, frame: Node, { when, exceptWhen }: Conditions, bound: Variables): Asking<boolean> {
  if (when && !isTrue(yield* evaluate(session, frame, when, frame.taskInput, bound))) return false;
  return !(exceptWhen && isTrue(yield* evaluate(session, frame, exceptWhen, frame.taskInput, bound)));
}

/** Plans another attempt of the block; false when the policy allows none. */
function* retry(
  session: Session,
  frame: TryNode,
  policy: RetryPolicy | undefined,
  error: WorkflowError,
  bound: Variables,
): Asking<boolean> {
  if (policy === undefined || frame.state.attempt >= policy.maxRetries) return false;
  if (!(yield* allows(session, frame, policy, bound))) return false;
  const attempt = frame.state.attempt + 1;
  const firstFailedAt = frame.state.firstFailedAt ?? session.now;
  const delayMs = yield* retryDelayMs(session, frame, policy, attempt);
  if (policy.maxTotal) {
    const maxTotalMs = yield* durationMs(session, frame, policy.maxTotal);
    if (session.now + delayMs - firstFailedAt > maxTotalMs) return false;
  }
  const state: FrameState = { kind: 'try', phase: 'try', attempt, firstFailedAt, error };
  if (delayMs > 0) {
    patch(session, frame, { state, status: 'waiting', resume: { kind: 'elapsed' }, dueInMs: delayMs });
  } else {
    patch(session, frame, { state });
    tryAgain(session, frame);
  }
  return true;
}

/** Enters the block of a `try` once more, as its state says. */
export function tryAgain(session: Session, frame: Node): void {
  const { body } = frame.task;
  if (body.kind !== 'try' || frame.state?.kind !== 'try') return;
  enterFirst(session, frame, body.tasks, inRetry(placeOf(frame), frame.state.attempt), frame.taskInput);
}

function* retryDelayMs(session: Session, frame: Node, policy: RetryPolicy, attempt: number): Asking<number> {
  const baseMs = yield* durationMs(session, frame, policy.delay);
  const factor = { constant: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[policy.backoff];
  const jitterMs = policy.jitter ? yield* jitter(session, frame, policy.jitter) : 0;
  return Math.min(MAX_WAIT_MS, Math.round(baseMs * factor + jitterMs));
}

function* jitter(session: Session, frame: Node, { from, to }: NonNullable<RetryPolicy['jitter']>): Asking<number> {
  const fromMs = yield* durationMs(session, frame, from);
  const toMs = yield* durationMs(session, frame, to);
  return fromMs + session.chance * Math.max(0, toMs - fromMs);
}
