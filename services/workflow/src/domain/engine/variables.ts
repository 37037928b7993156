import { toRfc3339 } from '@suanli/kernel';
import type { Json } from '../json.ts';
import type { Variables } from './question.ts';
import type { Node, Session } from './session.ts';

type Scope = Pick<Session, 'program' | 'run' | 'context'>;

/** The runtime arguments that an expression names, and no others: a definition need not be copied for each `.x`. */
export function variablesFor(
  scope: Scope,
  node: Node | undefined,
  names: readonly string[],
  more: Variables,
): Variables {
  const bound = { ...boundBy(node), ...more };
  const standard: Record<string, () => Json> = {
    context: () => scope.context,
    input: () => node?.taskInput ?? null,
    output: () => null,
    task: () => (node ? taskArgument(node) : null),
    workflow: () => ({
      id: scope.run.id,
      definition: scope.program.source,
      input: scope.run.input,
      startedAt: toRfc3339(scope.run.createdAt),
    }),
    runtime: () => ({ name: 'suanli', version: scope.program.document.dsl, metadata: {} }),
    secrets: () => ({}),
  };
  const variables: Variables = {};
  for (const name of names) {
    const value = Object.hasOwn(bound, name) ? bound[name] : standard[name]?.();
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/** Items and indexes of the loops around a task, and the error of the catch that it is part of; the inner one wins. */
function boundBy(node: Node | undefined): Variables {
  const bound: Variables = {};
  for (let frame = node?.parent; frame; frame = frame.parent) Object.assign(bound, { ...ownBindings(frame), ...bound });
  return bound;
}

/** What a frame binds for the tasks in it. */
export function ownBindings(frame: Node): Variables {
  const { state, round, task } = frame;
  if (state?.kind === 'for' && task.body.kind === 'for') {
    return { [task.body.each]: state.items[round] ?? null, [task.body.at]: round };
  }
  if (state?.kind === 'try' && state.phase === 'catch' && state.error && task.body.kind === 'try') {
    return { [task.body.catch.as]: { ...state.error } };
  }
  return {};
}

function taskArgument(node: Node): Json {
  return { name: node.task.name, reference: node.task.path, definition: node.task.source, input: node.input };
}
