import { checkArguments, isReviewAction, REVIEW_ACTIONS } from '../definition/functions.ts';
import { type Duration, parseDuration } from '../definition/durations.ts';
import type { Task, TaskBody } from '../definition/program.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { MAX_WAIT_MS } from '../limits.ts';
import { inRound } from '../run/iteration.ts';
import { faults, readRaised } from '../run/workflow-error.ts';
import type { Asking } from './question.ts';
import {
  addNode,
  end,
  evaluate,
  isTrue,
  type Move,
  type Node,
  patch,
  type Session,
  TaskFault,
  validate,
} from './session.ts';
import { ownBindings } from './variables.ts';
import { leave } from './flow.ts';

/** Begins a task: condition, input, then what its kind does. Ends where an effect, a person or time is needed. */
export function* enter(session: Session, node: Node): Asking<void> {
  const { task } = node;
  if (task.condition && !isTrue(yield* evaluate(session, node, task.condition, node.input))) {
    end(session, node, { status: 'skipped', output: node.input });
    return leave(session, node, node.input, { kind: 'continue' });
  }
  yield* validate(task.input.schema, node.input);
  if (task.input.shape) {
    node.taskInput = yield* evaluate(session, node, task.input.shape, node.input);
    patch(session, node, { taskInput: node.taskInput });
  }
  patch(session, node, { status: 'running', resume: null, dueInMs: null });
  yield* begin(session, node, task.body);
}

/** A step that is left for the next transition, because this one has run through enough tasks. */
export function park(session: Session, move: Move & { kind: 'enter' }): void {
  addNode(session, move, 'ready');
}

function* begin(session: Session, node: Node, body: TaskBody): Asking<void> {
  const { taskInput } = node;
  switch (body.kind) {
    case 'set':
      session.moves.push({ kind: 'complete', node, output: yield* evaluate(session, node, body.value, taskInput) });
      return;
    case 'switch':
      return yield* choose(session, node, body.cases);
    case 'raise':
      throw new TaskFault(readRaised(yield* evaluate(session, node, body.error, taskInput), node.task.path));
    case 'wait':
      patch(session, node, {
        status: 'waiting',
        resume: { kind: 'elapsed' },
        dueInMs: yield* durationMs(session, node, body.duration),
      });
      return;
    case 'call':
      return yield* call(session, node, body);
    case 'do':
      return enterFirst(session, node, body.tasks, node.iteration, taskInput);
    case 'for':
      return yield* startLoop(session, node, body);
    case 'try':
      patch(session, node, { state: { kind: 'try', phase: 'try', attempt: 0 } });
      return enterFirst(session, node, body.tasks, node.iteration, taskInput);
    case 'fork':
      for (const task of body.branches.toReversed()) {
        session.moves.push({ kind: 'enter', parent: node, task, iteration: node.iteration, input: taskInput });
      }
      return;
  }
}

export function enterFirst(
  session: Session,
  parent: Node,
  tasks: readonly Task[],
  iteration: string,
  input: Json,
): void {
  const [task] = tasks;
  if (task) session.moves.push({ kind: 'enter', parent, task, iteration, input });
}

function* choose(session: Session, node: Node, cases: (TaskBody & { kind: 'switch' })['cases']): Asking<void> {
  for (const { when, then } of cases) {
    if (when === undefined || isTrue(yield* evaluate(session, node, when, node.taskInput))) {
      session.moves.push({ kind: 'complete', node, output: node.taskInput, then });
      return;
    }
  }
  session.moves.push({ kind: 'complete', node, output: node.taskInput });
}

function* startLoop(session: Session, node: Node, body: TaskBody & { kind: 'for' }): Asking<void> {
  const items = yield* evaluate(session, node, body.in, node.taskInput);
  if (!Array.isArray(items)) throw new TaskFault(faults.expression('"in" of the loop is not a list'));
  patch(session, node, { state: { kind: 'for', items }, round: 0 });
  yield* nextRound(session, node, body, node.taskInput);
}

/** Starts the round that `node.round` says, or completes the loop with what the last round gave. */
export function* nextRound(session: Session, node: Node, body: TaskBody & { kind: 'for' }, input: Json): Asking<void> {
  const count = node.state?.kind === 'for' ? node.state.items.length : 0;
  const isOver = node.round >= count || (body.while !== undefined && !(yield* holds(session, node, body.while, input)));
  if (isOver) {
    session.moves.push({ kind: 'complete', node, output: input });
    return;
  }
  if (node.round >= body.maxIterations) {
    throw new TaskFault(faults.limit(`this loop makes at most ${body.maxIterations} rounds`));
  }
  enterFirst(session, node, body.tasks, inRound(node.iteration, node.round), input);
}

function* holds(session: Session, node: Node, condition: (TaskBody & { kind: 'for' })['while'] & object, input: Json) {
  return isTrue(yield* evaluate(session, node, condition, input, ownBindings(node)));
}

function* call(session: Session, node: Node, body: TaskBody & { kind: 'call' }): Asking<void> {
  const given = yield* evaluate(session, node, body.arguments, node.taskInput);
  const problems = checkArguments(body.function, given);
  if (problems.length > 0) throw new TaskFault(faults.validation(problems.map((p) => p.message).join('; ')));
  if (body.function === 'human.review' && isObject(given)) return askPerson(session, node, given);
  patch(session, node, { status: 'ready', arguments: given, resume: { kind: 'perform' }, dueInMs: 0 });
}

function askPerson(session: Session, node: Node, given: JsonObject): void {
  const subject = given['subject'] ?? null;
  if (session.run.review === 'none') {
    const output = { action: 'approve', output: subject, comment: '', decided_by: 'run' };
    session.moves.push({ kind: 'complete', node, output });
    return;
  }
  const timeout = given['timeout'];
  const expiresInMs = timeout === undefined ? undefined : parseDuration(timeout, MAX_WAIT_MS);
  if (timeout !== undefined && expiresInMs === undefined)
    throw new TaskFault(faults.validation('"timeout" is no duration'));
  const actions = Array.isArray(given['actions']) ? given['actions'].filter(isReviewAction) : REVIEW_ACTIONS;
  patch(session, node, {
    status: 'waiting',
    arguments: given,
    resume: { kind: 'fault', error: faults.timeout('nobody decided in time') },
    dueInMs: expiresInMs ?? null,
  });
  session.opened.push({
    stepRef: node.ref,
    title: typeof given['title'] === 'string' ? given['title'] : node.task.name,
    subject,
    actions,
    ...(given['schema'] !== undefined && { schema: given['schema'] }),
    ...(expiresInMs !== undefined && { expiresInMs }),
  });
}

export function* durationMs(session: Session, node: Node, duration: Duration): Asking<number> {
  if (duration.kind === 'fixed') return duration.ms;
  const ms = parseDuration(yield* evaluate(session, node, duration.template, node.taskInput), MAX_WAIT_MS);
  if (ms === undefined) throw new TaskFault(faults.expression('the expression gives no duration of at most a year'));
  return ms;
}
