import type { Instant } from '@suanli/kernel';
import { isFrame, type Flow, type Program, type Task } from '../definition/program.ts';
import type { Template } from '../definition/templates.ts';
import type { Json } from '../json.ts';
import { MAX_STEPS_PER_RUN } from '../limits.ts';
import type { Place } from '../run/iteration.ts';
import type { ReviewMode } from '../run/run.ts';
import { type FrameState, isLive, type StepStatus } from '../run/step.ts';
import { faults, type WorkflowError } from '../run/workflow-error.ts';
import type { Asking, Variables } from './question.ts';
import type { HumanTaskDraft, RunEnd, StepDraft, StepPatch, StepRef } from './transition.ts';
import { variablesFor } from './variables.ts';

/** A step while the engine works on it: one of the store, or one that is being made. */
export type Node = {
  ref: StepRef;
  task: Task;
  iteration: string;
  parent?: Node;
  input: Json;
  taskInput: Json;
  state?: FrameState;
  round: number;
  /** Of a fork: what its branches gave, by path. */
  branchOutputs: Map<string, Json>;
  hasEnded: boolean;
};

/** What is left to do. The engine is a loop over these, so that long chains of tasks do not grow the stack. */
export type Move =
  | { kind: 'enter'; parent: Node | undefined; task: Task; iteration: string; input: Json; node?: Node }
  | { kind: 'complete'; node: Node; output: Json; then?: Flow }
  | { kind: 'settle'; node: Node; output: Json; then?: Flow }
  | { kind: 'round'; node: Node; input: Json }
  | { kind: 'finish'; output: Json }
  | { kind: 'fail'; node: Node; error: WorkflowError };

export type RunView = {
  id: string;
  input: Json;
  createdAt: Instant;
  review: ReviewMode;
  context: Json;
  contextVersion: number;
  contextCount: number;
  stepCount: number;
};

/** One decision under way. Local to one call of `decide`; nothing outside sees it change. */
export type Session = {
  program: Program;
  run: RunView;
  now: Instant;
  /** In [0, 1): for jitter. */
  chance: number;
  /** Tasks that may still be entered before the rest is left to the next transition. */
  budget: number;
  moves: Move[];
  nodes: Node[];
  added: StepDraft[];
  changed: Map<StepRef, StepPatch>;
  endedFrames: StepRef[];
  opened: HumanTaskDraft[];
  contexts: { version: number; value: Json }[];
  context: Json;
  contextVersion: number;
  end?: RunEnd;
};

/** The language's own exception: unwinds the engine to the task that faulted, where `catch` is looked for. */
export class TaskFault extends Error {
  readonly error: WorkflowError;
  constructor(error: WorkflowError) {
    super(error.title);
    this.error = error;
  }
}

export function addNode(session: Session, place: Move & { kind: 'enter' }, status: StepStatus): Node {
  if (session.run.stepCount + session.added.length >= MAX_STEPS_PER_RUN) {
    throw new TaskFault(faults.limit(`a run makes at most ${MAX_STEPS_PER_RUN} steps`));
  }
  const ref = `new:${session.added.length}`;
  const { task, iteration, input, parent } = place;
  session.added.push({
    ref,
    ...(parent && { parentRef: parent.ref }),
    task,
    iteration,
    input,
    status,
    contextVersion: session.contextVersion,
    ...(status === 'ready' && { resume: { kind: 'enter' }, dueInMs: 0 }),
  });
  const node: Node = {
    ref,
    task,
    iteration,
    input,
    taskInput: input,
    round: 0,
    branchOutputs: new Map(),
    hasEnded: false,
  };
  if (parent) node.parent = parent;
  session.nodes.push(node);
  return node;
}

export function placeOf({ task, iteration }: Node): Place {
  return { path: task.path, iteration };
}

export function patch(session: Session, node: Node, change: StepPatch): void {
  const draft = session.added.find((step) => step.ref === node.ref);
  if (draft) Object.assign(draft, change);
  else session.changed.set(node.ref, { ...session.changed.get(node.ref), ...change });
  if (change.state !== undefined) node.state = change.state;
  if (change.round !== undefined) node.round = change.round;
  if (change.status !== undefined && !isLive(change.status)) node.hasEnded = true;
}

/** Ends a step. A frame may end while something under it lives: the store cancels that in the same commit. */
export function end(session: Session, node: Node, change: StepPatch & { status: StepStatus }): void {
  patch(session, node, { ...change, resume: null, dueInMs: null });
  if (isFrame(node.task)) session.endedFrames.push(node.ref);
}

/** The value of a template; faults the task when it cannot be had. */
export function* evaluate(
  session: Session,
  node: Node,
  template: Template,
  given: Json,
  more: Variables = {},
): Asking<Json> {
  if (template.kind === 'literal') return template.value;
  const variables = variablesFor(session, node, template.variables, more);
  const answer = yield { kind: 'evaluate', template, given, variables };
  if (answer.kind === 'value') return answer.value;
  throw new TaskFault(faults.expression(answer.kind === 'failed' ? answer.detail : 'no value'));
}

export function* validate(schema: Json | undefined, value: Json): Asking<void> {
  if (schema === undefined) return;
  const answer = yield { kind: 'validate', schema, value };
  if (answer.kind === 'failed') throw new TaskFault(faults.validation(answer.detail));
}

/** What jq takes for true. */
export function isTrue(value: Json): boolean {
  return value !== null && value !== false;
}
