import type { GrpcClient } from '@suanli/grpc-kit';
import type { InferenceServiceClient } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import type { EffectOutcome } from '../../app/ports.ts';
import { messagesOf } from '../../domain/intervention/revise.ts';
import { asText, isObject, type JsonObject } from '../../domain/json.ts';
import { type Effect, wireTenant } from './effect.ts';

type Inference = GrpcClient<(typeof InferenceServiceClient)['service']>;

/** A model may write for a while; the lease is prolonged meanwhile. */
const CHAT_DEADLINE_MS = 180_000;

/** llm.chat: a model call, metered and paid by the gateway under the step's id. */
export async function completeChat(
  inference: Inference,
  defaultModel: string,
  { step, tenant, key }: Effect,
  given: JsonObject,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const { model, max_output_tokens: maxTokens, temperature } = given;
  const answer = await inference.completeChat(
    {
      tenant: wireTenant(tenant),
      requestId: key,
      model: typeof model === 'string' ? model : defaultModel,
      messages: messagesOf(given).flatMap((message) =>
        isObject(message) ? [{ role: asText(message['role']), content: asText(message['content']) }] : [],
      ),
      maxOutputTokens: typeof maxTokens === 'number' ? maxTokens : 0,
      ...(typeof temperature === 'number' && { temperature }),
      costKey: step.id,
    },
    { signal, deadlineMs: CHAT_DEADLINE_MS },
  );
  const output = {
    content: answer.content,
    finish_reason: answer.finishReason,
    model: answer.model,
    usage: { input_tokens: answer.inputTokens, output_tokens: answer.outputTokens },
  };
  return { kind: 'done', output };
}
