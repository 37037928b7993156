import type { CallContext } from '@suanli/kernel';
import type { ChatBody } from '../../domain/inference/chat.ts';
import { type CallRefusal, type InferenceDeps, openCall } from './open-call.ts';
import type { AnswerPart, WireObject } from './ports.ts';

export type ChatOutcome = { kind: 'done'; body: WireObject } | CallRefusal;

/** One answer in one piece. Throws UpstreamFailed, and charges nothing then. */
export async function completeChat(
  deps: InferenceDeps,
  ctx: CallContext,
  request: { body: ChatBody; usageId: string; costKey: string },
): Promise<ChatOutcome> {
  const call = await openCall(deps, ctx, request);
  if (call.kind === 'refused') return call;
  let answer: AnswerPart;
  try {
    answer = await call.upstream.complete(call.body, ctx.signal);
  } catch (error) {
    call.drop();
    throw error;
  }
  await call.charge(answer.usage ?? call.ownUsage(answer.text));
  return { kind: 'done', body: { ...answer.body, model: request.body.model } };
}
