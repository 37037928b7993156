import type { CallContext } from '@suanli/kernel';
import type { ChatBody, TokenUsage } from '../../domain/inference/chat.ts';
import { type CallRefusal, type InferenceDeps, type OpenCall, openCall } from './open-call.ts';
import type { WireObject } from './ports.ts';

export type ChatStream = { kind: 'open'; chunks: AsyncIterable<WireObject> } | CallRefusal;

/**
 * The answer as it is made. Whatever ends it (the upstream, an error in the middle, a caller who leaves) what was
 * produced by then is charged, once: by the upstream's own count when it came, else by ours. An upstream that failed
 * before its first chunk is charged nothing. The chunks must be read once, or the reservation stays.
 */
export async function streamChat(
  deps: InferenceDeps,
  ctx: CallContext,
  request: { body: ChatBody; usageId: string; costKey: string },
): Promise<ChatStream> {
  const options = request.body['stream_options'] as { include_usage?: unknown } | undefined;
  const wantsUsage = options?.include_usage === true;
  const body = { ...request.body, stream: true, stream_options: { ...options, include_usage: true } };
  const call = await openCall(deps, ctx, { ...request, body });
  if (call.kind === 'refused') return call;
  return { kind: 'open', chunks: relay(call, ctx, { model: request.body.model, wantsUsage }) };
}

async function* relay(
  call: OpenCall,
  ctx: CallContext,
  { model, wantsUsage }: { model: string; wantsUsage: boolean },
): AsyncGenerator<WireObject> {
  let text = '';
  let isStarted = false;
  let usage: TokenUsage | undefined;
  try {
    for await (const chunk of call.upstream.stream(call.body, ctx.signal)) {
      isStarted = true;
      text += chunk.text;
      // A count that more text has followed is short: some upstreams count along, some only at the start.
      if (chunk.usage !== undefined || chunk.text !== '') usage = chunk.usage;
      const shown = forCaller(chunk.body, wantsUsage);
      if (shown !== undefined) yield { ...shown, model };
    }
  } finally {
    // Also when the caller stops reading: what the upstream has made is used.
    if (isStarted) await call.charge(usage ?? call.ownUsage(text));
    else call.drop();
  }
}

/** The chunk that carries only usage is shown to those who asked for it: others do not expect one without choices. */
function forCaller(chunk: WireObject, wantsUsage: boolean): WireObject | undefined {
  if (wantsUsage) return chunk;
  const { usage, ...rest } = chunk;
  const isOnlyUsage = usage != null && Array.isArray(chunk['choices']) && chunk['choices'].length === 0;
  return isOnlyUsage ? undefined : rest;
}
