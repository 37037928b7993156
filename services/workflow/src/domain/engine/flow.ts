import type { Flow, Task } from '../definition/program.ts';
import type { Json } from '../json.ts';
import { MAX_JUMPS } from '../limits.ts';
import { inRetry, inRound, nextVisit } from '../run/iteration.ts';
import { faults } from '../run/workflow-error.ts';
import { end, type Node, patch, placeOf, type Session, TaskFault } from './session.ts';

/** Goes on from a task that has ended: to the next one, out of its list, or to the end of the run. */
export function leave(session: Session, node: Node, output: Json, flow: Flow): void {
  const { siblings, index } = node.task;
  if (flow.kind === 'end') return endRun(session, node, output);
  if (node.parent?.task.body.kind === 'fork') return leaveBranch(session, node.parent, node, output);
  const next = flow.kind === 'exit' ? undefined : targetOf(flow, siblings, index);
  if (next === undefined) return leaveList(session, node.parent, output);
  const iteration = next.index > index ? node.iteration : jumpBack(node);
  session.moves.push({ kind: 'enter', parent: node.parent, task: next, iteration, input: output });
}

function targetOf(flow: Flow, siblings: readonly Task[], index: number): Task | undefined {
  return flow.kind === 'goto' ? siblings.find((task) => task.name === flow.name) : siblings[index + 1];
}

function jumpBack(node: Node): string {
  const { iteration, visit } = nextVisit(firstPass(node), placeOf(node));
  if (visit > MAX_JUMPS) throw new TaskFault(faults.limit(`a scope is gone through at most ${MAX_JUMPS} times`));
  return iteration;
}

/** The iteration of a list's tasks when it is gone through for the first time. */
function firstPass({ parent }: Node): string {
  if (parent === undefined) return '';
  if (parent.state?.kind === 'for') return inRound(parent.iteration, parent.round);
  if (parent.state?.kind === 'try') return inRetry(placeOf(parent), parent.state.attempt);
  return parent.iteration;
}

/** The last task of a list has ended. */
function leaveList(session: Session, frame: Node | undefined, output: Json): void {
  if (frame === undefined) {
    session.moves.push({ kind: 'finish', output });
    return;
  }
  if (frame.task.body.kind === 'for') {
    patch(session, frame, { round: frame.round + 1 });
    session.moves.push({ kind: 'round', node: frame, input: output });
    return;
  }
  session.moves.push({ kind: 'complete', node: frame, output });
}

/** A branch has ended. The first one ends a competing fork, the last one any other. */
function leaveBranch(session: Session, fork: Node, branch: Node, output: Json): void {
  const { body } = fork.task;
  if (body.kind !== 'fork' || fork.hasEnded) return;
  fork.branchOutputs.set(branch.task.path, output);
  if (body.isCompeting) {
    session.moves.push({ kind: 'complete', node: fork, output });
    return;
  }
  const outputs = body.branches.map(({ path }) => fork.branchOutputs.get(path));
  if (outputs.every((value) => value !== undefined))
    session.moves.push({ kind: 'complete', node: fork, output: outputs });
}

/** `then: end`: the frames around the task end with it. */
function endRun(session: Session, node: Node, output: Json): void {
  for (let frame = node.parent; frame; frame = frame.parent) end(session, frame, { status: 'completed', output });
  session.moves.push({ kind: 'finish', output });
}
