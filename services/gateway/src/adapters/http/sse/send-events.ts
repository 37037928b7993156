import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from '../http-deps.ts';
import { HEARTBEAT_MS, RECONNECT_MS } from '../limits.ts';
import { problemFromError } from '../problems/from-error.ts';
import { problem, renderProblem } from '../problems/problem.ts';
import { pathOf, principalOf } from '../request-context.ts';

/** One event. With `id` a client that was cut off goes on behind it. */
export type SseEvent = { id?: string; event: string; data: unknown };

/**
 * Answers with an event stream until `events` ends, the client leaves or the gateway stops. Reads `events` only as fast
 * as the client takes them. Check that the thing exists before: from here on the status is 200, and a failure can only
 * be told as a last event named `problem`.
 */
export async function sendEvents(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  events: (signal: AbortSignal) => AsyncIterable<SseEvent>,
): Promise<void> {
  using stream = deps.streams.open(principalOf(request).keyId);
  if (stream === undefined) throw problem('too_many_streams');
  reply.hijack();
  const { raw } = reply;
  const left = new AbortController();
  raw.on('close', () => left.abort());
  const signal = AbortSignal.any([left.signal, stream.signal]);
  raw.writeHead(200, headersOf(reply));
  raw.write(`retry: ${RECONNECT_MS}\n\n`);
  const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(': still here\n\n'), HEARTBEAT_MS);
  try {
    for await (const event of events(signal)) {
      if (signal.aborted) break;
      await writeChunk(raw, encodeEvent(event), signal);
    }
  } catch (error) {
    if (!signal.aborted) {
      const found = problemFromError(error);
      request.log.warn({ code: found.code, err: found.cause }, 'event stream failed');
      const data = renderProblem(found, { instance: pathOf(request), requestId: request.id });
      await writeChunk(raw, encodeEvent({ event: 'problem', data }), signal);
    }
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

/** Text of one event. JSON holds no line break, so one `data:` line does. */
export function encodeEvent({ id, event, data }: SseEvent): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Whether the caller wants a stream: `Accept: text/event-stream`. */
export function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

/** Where the client was: `Last-Event-ID` as browsers send it. */
export function lastEventId(request: FastifyRequest): string | undefined {
  const value = request.headers['last-event-id'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function headersOf(reply: FastifyReply): Record<string, string | number | string[]> {
  const set = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(set) as Record<string, string | number | string[]>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
}

/** Writes as fast as the client takes it; returns at once when nobody listens any more. */
export function writeChunk(raw: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (raw.destroyed || raw.write(text) || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      raw.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    raw.once('drain', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
