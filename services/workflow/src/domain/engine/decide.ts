import { type Instant, invariant } from '@suanli/kernel';
import type { Program } from '../definition/program.ts';
import type { Json } from '../json.ts';
import { MAX_TASKS_PER_TRANSITION } from '../limits.ts';
import { isLive, type Resume, type Step } from '../run/step.ts';
import { complete, settle } from './complete.ts';
import { enter, nextRound, park } from './enter.ts';
import { fail, tryAgain } from './fail.ts';
import { finish } from './finish.ts';
import { leave } from './flow.ts';
import type { Asking } from './question.ts';
import { addNode, end, type Move, type Node, patch, type RunView, type Session, TaskFault } from './session.ts';
import type { Transition } from './transition.ts';

/** What the engine must know of a run to go on from one step of it: never more than the way up from there. */
export type View = {
  program: Program;
  run: RunView;
  /** The frames around the step, outermost first, and the step itself. */
  chain: readonly StepView[];
  /** Outputs of ended branches, by the id of their fork and their path. */
  branches: ReadonlyMap<string, ReadonlyMap<string, Json>>;
};

export type StepView = Pick<Step, 'id' | 'path' | 'iteration' | 'input' | 'taskInput' | 'output' | 'state' | 'round'>;

/** What has happened to the last step of the chain. */
export type StepEvent = Exclude<Resume, { kind: 'perform' | 'collect' }>;

export type Circumstances = { now: Instant; chance: number };

/**
 * The engine: from a view of a run and what has happened to one of its steps, everything that follows until an effect,
 * a person or time is needed. Deterministic; the same inputs and answers give the same transition.
 */
export function* decide(view: View, event: StepEvent, { now, chance }: Circumstances): Asking<Transition> {
  const session = openSession(view, now, chance);
  const node = session.nodes.at(-1);
  invariant(node !== undefined, 'a decision needs a step');
  yield* guarded(session, node, () => react(session, node, event, view.chain.at(-1)?.output));
  for (let move = session.moves.pop(); move && !session.end; move = session.moves.pop()) {
    if (isVoid(move)) continue;
    const current = move;
    yield* guarded(session, 'node' in move ? move.node : undefined, () => perform(session, current));
  }
  return close(session);
}

function openSession({ program, run, chain, branches }: View, now: Instant, chance: number): Session {
  const nodes: Node[] = [];
  for (const step of chain) {
    const task = program.byPath.get(step.path);
    invariant(task !== undefined, `the definition has no task at ${step.path}`);
    const parent = nodes.at(-1);
    nodes.push({
      ref: step.id,
      task,
      iteration: step.iteration,
      ...(parent && { parent }),
      input: step.input,
      taskInput: step.taskInput === undefined ? step.input : step.taskInput,
      ...(step.state && { state: step.state }),
      round: step.round,
      branchOutputs: new Map(branches.get(step.id)),
      hasEnded: false,
    });
  }
  const budget = MAX_TASKS_PER_TRANSITION;
  const { context, contextVersion } = run;
  const record = { added: [], changed: new Map(), endedFrames: [], opened: [], contexts: [] };
  return { program, run, now, chance, budget, moves: [], nodes, ...record, context, contextVersion };
}

function* react(session: Session, node: Node, event: StepEvent, output: Json | undefined): Asking<void> {
  switch (event.kind) {
    case 'enter':
      return yield* enter(session, node);
    case 'elapsed':
      patch(session, node, { status: 'running', resume: null, dueInMs: null });
      if (node.task.body.kind === 'try') return tryAgain(session, node);
      session.moves.push({ kind: 'complete', node, output: node.taskInput });
      return;
    case 'result':
      session.moves.push({ kind: 'complete', node, output: event.output });
      return;
    case 'settle':
      session.moves.push({ kind: 'settle', node, output: output ?? null });
      return;
    case 'skip':
      end(session, node, { status: 'skipped' });
      return leave(session, node, output ?? null, { kind: 'continue' });
    case 'fault':
      session.moves.push({ kind: 'fail', node, error: event.error });
  }
}

function* perform(session: Session, move: Move): Asking<void> {
  switch (move.kind) {
    case 'enter': {
      if (session.budget <= 0) return park(session, move);
      session.budget -= 1;
      const node = addNode(session, move, 'running');
      return yield* guarded(session, node, () => enter(session, node));
    }
    case 'complete':
      return yield* complete(session, move);
    case 'settle':
      return yield* settle(session, move);
    case 'round':
      if (move.node.task.body.kind === 'for') yield* nextRound(session, move.node, move.node.task.body, move.input);
      return;
    case 'finish':
      return yield* finish(session, move.output);
    case 'fail':
      return yield* fail(session, move.node, move.error);
  }
}

/** Turns the language's exception into a move. Without a task that it belongs to, the run itself faults. */
function* guarded(session: Session, node: Node | undefined, work: () => Asking<void>): Asking<void> {
  try {
    yield* work();
  } catch (thrown) {
    if (!(thrown instanceof TaskFault)) throw thrown;
    if (node) session.moves.push({ kind: 'fail', node, error: thrown.error });
    else session.end = { status: 'faulted', error: thrown.error };
  }
}

/** A move for something that another branch has meanwhile ended. */
function isVoid(move: Move): boolean {
  if (move.kind === 'finish') return false;
  const from = move.kind === 'enter' ? move.parent : move.node;
  if (move.kind !== 'enter' && move.kind !== 'fail' && move.node.hasEnded) return true;
  return hasEndedFrame(move.kind === 'enter' ? from : from?.parent);
}

function hasEndedFrame(frame: Node | undefined): boolean {
  for (let above = frame; above; above = above.parent) if (above.hasEnded) return true;
  return false;
}

/** What this transition made and ended again under an ended frame is cancelled before it ever lived. */
function close(session: Session): Transition {
  const isOver = session.end !== undefined;
  for (const node of session.nodes) {
    const draft = session.added.find((step) => step.ref === node.ref);
    if (!draft || !isLive(draft.status) || !(isOver || hasEndedFrame(node.parent))) continue;
    Object.assign(draft, { status: 'cancelled', resume: null, dueInMs: null });
    session.opened = session.opened.filter((task) => task.stepRef !== node.ref);
  }
  const { added, changed, endedFrames, opened, contexts, end } = session;
  return { added, changed, endedFrames, opened, contexts, ...(end && { end }) };
}
