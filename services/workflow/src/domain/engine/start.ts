import type { Program } from '../definition/program.ts';
import type { Json } from '../json.ts';
import type { Asking } from './question.ts';
import { type RunView, TaskFault, validate } from './session.ts';
import { variablesFor } from './variables.ts';

export type Started = { kind: 'accepted'; input: Json } | { kind: 'refused'; detail: string };

/** Checks and shapes the input of a run: what its first task will read. */
export function* start(program: Program, run: RunView): Asking<Started> {
  try {
    yield* validate(program.input.schema, run.input);
  } catch (thrown) {
    if (thrown instanceof TaskFault) return { kind: 'refused', detail: thrown.error.detail ?? thrown.error.title };
    throw thrown;
  }
  const { shape } = program.input;
  if (shape === undefined) return { kind: 'accepted', input: run.input };
  if (shape.kind === 'literal') return { kind: 'accepted', input: shape.value };
  const scope = { program, run, context: null };
  const variables = variablesFor(scope, undefined, shape.variables, { input: run.input });
  const answer = yield { kind: 'evaluate', template: shape, given: run.input, variables };
  if (answer.kind === 'value') return { kind: 'accepted', input: answer.value };
  return {
    kind: 'refused',
    detail: answer.kind === 'failed' ? `input.from: ${answer.detail}` : 'input.from gave nothing',
  };
}
