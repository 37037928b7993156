import type { Json } from '../json.ts';
import type { Asking } from './question.ts';
import { type Session, TaskFault, validate } from './session.ts';
import { faults } from '../run/workflow-error.ts';
import { variablesFor } from './variables.ts';

/** The last task has ended: the run completes with its output, shaped. */
export function* finish(session: Session, last: Json): Asking<void> {
  const { shape, schema } = session.program.output;
  const output =
    shape === undefined || shape.kind === 'literal' ? (shape?.value ?? last) : yield* shaped(session, last);
  yield* validate(schema, output);
  session.end = { status: 'completed', output };
}

function* shaped(session: Session, given: Json): Asking<Json> {
  const { shape } = session.program.output;
  if (shape?.kind !== 'jq') return given;
  const variables = variablesFor(session, undefined, shape.variables, { output: given });
  const answer = yield { kind: 'evaluate', template: shape, given, variables };
  if (answer.kind === 'value') return answer.value;
  throw new TaskFault(faults.expression(answer.kind === 'failed' ? answer.detail : 'no value'));
}
