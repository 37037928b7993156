import { hasEffect } from '../definition/program.ts';
import { REVIEW_ACTIONS } from '../definition/functions.ts';
import type { Json } from '../json.ts';
import { leave } from './flow.ts';
import type { Asking } from './question.ts';
import { end, evaluate, type Move, patch, type Session, validate } from './session.ts';

/** A task has produced something: shape it, and let a person judge it where the run asks for that. */
export function* complete(session: Session, { node, output: raw, then }: Move & { kind: 'complete' }): Asking<void> {
  const { task } = node;
  const { shape, schema } = task.output;
  const output = shape ? yield* evaluate(session, node, shape, raw, { output: raw }) : raw;
  yield* validate(schema, output);
  if (session.run.review === 'every_step' && hasEffect(task)) {
    patch(session, node, { status: 'review', output, resume: null, dueInMs: null });
    session.opened.push({ stepRef: node.ref, title: task.name, subject: output, actions: REVIEW_ACTIONS });
    return;
  }
  session.moves.push({ kind: 'settle', node, output, ...(then && { then }) });
}

/** The output stands: export from it, end the step, go on. */
export function* settle(session: Session, { node, output, then }: Move & { kind: 'settle' }): Asking<void> {
  const { task } = node;
  if (task.export.shape) {
    const context = yield* evaluate(session, node, task.export.shape, output, { output });
    yield* validate(task.export.schema, context);
    setContext(session, context);
  }
  end(session, node, { status: 'completed', output });
  leave(session, node, output, then ?? task.then);
}

function setContext(session: Session, value: Json): void {
  session.context = value;
  session.contextVersion = session.run.contextCount + session.contexts.length + 1;
  session.contexts.push({ version: session.contextVersion, value });
}
