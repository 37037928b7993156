import { isObject, type Json, type JsonObject } from '../json.ts';
import { attemptWithin, type Place, roundWithin } from '../run/iteration.ts';
import type { FrameState, Resume, Step } from '../run/step.ts';

export type Revision =
  | { action: 'edit'; output: Json; comment: string }
  | { action: 'skip'; output?: Json; comment: string }
  | { action: 'redo'; comment: string };

/** How the next revision of a step begins: with what is given, or with the same task and what was said about it. */
export function beginRevision(step: Step, revision: Revision): { resume: Resume; output?: Json; arguments?: Json } {
  switch (revision.action) {
    case 'edit':
      return { resume: { kind: 'settle' }, output: revision.output };
    case 'skip':
      return { resume: { kind: 'skip' }, output: revision.output === undefined ? step.input : revision.output };
    case 'redo':
      if (step.arguments === undefined || step.function === 'human.review') return { resume: { kind: 'enter' } };
      return { resume: { kind: 'perform' }, arguments: withComment(step, revision.comment) };
  }
}

/** A model is shown its own answer and what was said about it; other functions take no comment. */
function withComment(step: Step, comment: string): Json {
  const given = step.arguments ?? null;
  if (step.function !== 'llm.chat' || comment === '' || !isObject(given)) return given;
  const { prompt: _prompt, system: _system, ...rest } = given;
  const before = isObject(step.output) ? step.output['content'] : step.output;
  const answered = typeof before === 'string' && before !== '' ? [{ role: 'assistant', content: before }] : [];
  return { ...rest, messages: [...messagesOf(given), ...answered, { role: 'user', content: comment }] };
}

/** The messages of a chat, from either form of its arguments. */
export function messagesOf(given: JsonObject): Json[] {
  if (Array.isArray(given['messages'])) return given['messages'];
  const { system, prompt } = given;
  return [
    ...(typeof system === 'string' ? [{ role: 'system', content: system }] : []),
    ...(typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : []),
  ];
}

/** A frame as it was when `inner` began: in that round, in that attempt, in that part of its task. */
export function reopenFrame(frame: Step, inner: Place): { round: number; state?: FrameState } {
  const { state } = frame;
  if (state?.kind === 'for') return { state, round: roundWithin(frame, inner.iteration) };
  if (state?.kind === 'try') {
    const attempt = attemptWithin(frame, inner.iteration);
    const phase = inner.path.startsWith(`${frame.path}/catch/`) ? 'catch' : 'try';
    return { round: frame.round, state: { ...state, attempt, phase } };
  }
  return { round: frame.round };
}
