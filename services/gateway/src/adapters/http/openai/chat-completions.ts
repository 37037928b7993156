import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { completeChat } from '../../../app/inference/complete-chat.ts';
import { LEASE_TERMS } from '../../../app/inference/money-leases.ts';
import { streamChat } from '../../../app/inference/stream-chat.ts';
import type { WireObject } from '../../../app/inference/ports.ts';
import type { ChatBody } from '../../../domain/inference/chat.ts';
import type { HttpDeps } from '../http-deps.ts';
import type { Routes } from '../create-http-app.ts';
import { MAX_CHAT_BYTES } from '../limits.ts';
import { problem } from '../problems/problem.ts';
import { contextOf, principalOf } from '../request-context.ts';
import { writeChunk } from '../sse/send-events.ts';
import { handleOpenAiError, refusalProblem, toOpenAiBody, toProblem } from './errors.ts';

/** Only what the platform itself needs is checked; all else is the upstream's business and passes on. */
const chatBody = z
  .looseObject({
    model: z.string().min(1).max(256),
    messages: z
      .array(z.looseObject({ role: z.string() }))
      .min(1)
      .max(4_096),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({}).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    n: z.literal(1).nullish().meta({ description: 'One choice: more could cost more than was reserved' }),
  })
  .meta({ description: 'As the OpenAI API; unknown fields reach the upstream unchanged' });

/** Chat in the form of the OpenAI API: metered, and paid from the wallet. */
export const chatRoutes: Routes = async (app, deps) => {
  await app.register((scope, _options, done) => {
    scope.setErrorHandler(handleOpenAiError);
    scope.post(
      '/v1/chat/completions',
      {
        bodyLimit: MAX_CHAT_BYTES,
        schema: {
          tags: ['inference'],
          summary: 'Answer a conversation; with `stream` as server-sent events',
          body: chatBody,
        },
        config: { access: { scope: 'inference:write' }, audit: false, isStreaming: true },
      },
      async (request, reply) => {
        const body = withoutNulls(request.body as ChatBody);
        if (body['stream'] === true) return stream(deps, request, reply, body);
        // One request has one usage: a repetition under the same Idempotency-Key names the same.
        const call = { body, usageId: `inf_${request.commandId}`, costKey: '' };
        const outcome = await completeChat(deps.inference, { ...contextOf(request), signal: whileWanted(reply) }, call);
        if (outcome.kind === 'refused') throw refusalProblem(outcome);
        return reply.send(outcome.body);
      },
    );
    done();
  });
};

async function stream(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  body: ChatBody,
): Promise<FastifyReply> {
  // A stream is not kept for replay: the key is free again, and a repetition is another call with a usage of its own.
  await request.claim?.finish({ status: 499, headers: {}, body: '' });
  request.claim = undefined;
  using slot = deps.streams.open(principalOf(request).keyId);
  if (slot === undefined) throw problem('too_many_streams');
  const signal = AbortSignal.any([whileWanted(reply), slot.signal]);
  const opened = await streamChat(
    deps.inference,
    { ...contextOf(request), signal },
    { body, usageId: deps.ids.next('inf'), costKey: '' },
  );
  if (opened.kind === 'refused') throw refusalProblem(opened);

  const chunks = opened.chunks[Symbol.asyncIterator]();
  // Until the first chunk a failure can still be told with its status.
  const first = await chunks.next();
  reply.hijack();
  reply.raw.writeHead(200, {
    ...headersOf(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  try {
    for (let next = first; next.done !== true; next = await chunks.next()) {
      await writeChunk(reply.raw, data(next.value), signal);
      if (signal.aborted) throw problem('service_unavailable', 'The stream was ended here; what came of it is charged');
    }
    await writeChunk(reply.raw, 'data: [DONE]\n\n', signal);
  } catch (error) {
    const found = toProblem(error);
    const fields = { code: found.code, err: found.cause };
    if (signal.aborted) request.log.debug(fields, 'a model stream was left');
    else request.log.warn(fields, 'a model stream failed in the middle');
    await writeChunk(reply.raw, data(toOpenAiBody(found, request)), signal);
  } finally {
    await endQuietly(chunks, request);
    reply.raw.end();
  }
  return reply;
}

/** Ends what is still open. That the usage could not be recorded then has been logged, and nobody can be told. */
async function endQuietly(chunks: AsyncIterator<WireObject>, request: FastifyRequest): Promise<void> {
  try {
    await chunks.return?.();
  } catch (error) {
    request.log.warn({ err: error }, 'a model stream ended badly');
  }
}

/** Until the caller leaves, or the call takes longer than its money is sure for. */
function whileWanted(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  return AbortSignal.any([left.signal, AbortSignal.timeout(LEASE_TERMS.callMs)]);
}

function data(object: WireObject): string {
  return `data: ${JSON.stringify(object)}\n\n`;
}

/** `null` means the default in that API; an upstream need not know. */
function withoutNulls(body: ChatBody): ChatBody {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as ChatBody;
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const entries = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
