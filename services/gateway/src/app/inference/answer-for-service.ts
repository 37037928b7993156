import type { CallContext } from '@suanli/kernel';
import { hashBody } from '@suanli/postgres';
import type { ChatBody } from '../../domain/inference/chat.ts';
import { ChargeUndone } from './charge-call.ts';
import { type CallRefusal, type InferenceDeps, openCall } from './open-call.ts';
import type { AnswerPart, WireObject } from './ports.ts';

export type ServiceAnswer = {
  content: string;
  finishReason: string;
  inputTokens: number;
  outputTokens: number;
  usageId: string;
  model: string;
};
export type ServiceOutcome =
  | { kind: 'done'; answer: ServiceAnswer }
  | { kind: 'refused'; reason: 'request_id_reused' }
  | CallRefusal;

/**
 * A model call for another service. The answer is kept with its usage event in one transaction: the same request id
 * again returns it and costs nothing. A crash between the upstream's answer and that commit calls the upstream twice, at
 * the platform's cost, never the tenant's.
 */
export async function answerForService(
  deps: InferenceDeps,
  ctx: CallContext & { requestId: string },
  request: { body: ChatBody; costKey: string },
): Promise<ServiceOutcome> {
  const key = { accountId: ctx.tenant.accountId, requestId: ctx.requestId };
  const bodySha256 = hashBody(request.body);
  const replay = async (): Promise<ServiceOutcome | undefined> => {
    const kept = await deps.answers.find(key.accountId, key.requestId);
    if (kept === undefined) return undefined;
    if (kept.bodySha256 !== bodySha256) return { kind: 'refused', reason: 'request_id_reused' };
    return { kind: 'done', answer: kept.answer as ServiceAnswer };
  };
  const known = await replay();
  if (known !== undefined) return known;

  const usageId = `inf_${hashBody(key).slice(0, 40)}`;
  const call = await openCall(deps, ctx, { body: request.body, usageId, costKey: request.costKey });
  if (call.kind === 'refused') return call;
  let made: AnswerPart;
  try {
    made = await call.upstream.complete(call.body, ctx.signal);
  } catch (error) {
    call.drop();
    throw error;
  }
  const usage = made.usage ?? call.ownUsage(made.text);
  const answer: ServiceAnswer = {
    ...saidIn(made.body),
    ...usage,
    usageId,
    model: request.body.model,
  };
  try {
    await call.charge(usage, async (tx) => {
      const isFirst = await deps.answers.keep(tx, key, { bodySha256, answer }, deps.clock.now());
      if (!isFirst) throw new AnsweredMeanwhile();
    });
  } catch (error) {
    if (!(error instanceof AnsweredMeanwhile)) throw error;
    return (await replay()) ?? { kind: 'done', answer };
  }
  return { kind: 'done', answer };
}

/** Another try of the same request was faster: its answer is the answer, ours is rolled back with its usage. */
class AnsweredMeanwhile extends ChargeUndone {
  override name = 'AnsweredMeanwhile';
}

function saidIn(body: WireObject): { content: string; finishReason: string } {
  const [choice] = Array.isArray(body['choices'])
    ? (body['choices'] as { message?: { content?: unknown } | null; finish_reason?: unknown }[])
    : [];
  const content = choice?.message?.content;
  const reason = choice?.finish_reason;
  return {
    content: typeof content === 'string' ? content : '',
    finishReason: typeof reason === 'string' ? reason : 'stop',
  };
}
