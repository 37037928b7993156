import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StreamLogsResponse } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import { z } from 'zod';
import { reading, streaming } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import type { HttpDeps } from '../../http-deps.ts';
import { MAX_LOG_BYTES } from '../../limits.ts';
import { problem } from '../../problems/problem.ts';
import { idParams } from '../../schemas.ts';
import { resuming } from '../../sse/resuming.ts';
import { lastEventId, sendEvents, type SseEvent, wantsEvents } from '../../sse/send-events.ts';
import { utf8Joiner } from '../../sse/utf8-joiner.ts';
import { present } from '../present.ts';

const logQuery = z.strictObject({
  task: z.coerce.number().int().min(0).max(1_000_000).default(0),
  epoch: z.coerce.number().int().min(0).max(1_000_000).default(0).meta({ description: 'The attempt; 0 is the newest' }),
  offset: z.coerce.number().int().min(0).default(0).meta({ description: 'Byte offset in the log of that attempt' }),
  follow: z.enum(['true', 'false']).default('false'),
});

type Place = { epoch: number; offset: bigint };
type Wish = { jobId: string; taskIndex: number } & Place;

/** A task's output: as text from an offset on, or as events while it runs. */
export const jobLogRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/jobs/:id/logs',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['compute'],
        summary: 'What a task has written',
        description:
          'As `text/plain`: at most 1 MiB from `offset` on; `Log-Epoch` and `Log-Next-Offset` tell where to go on. With `Accept: text/event-stream` or `follow=true`: events `log` until the job has ended, with `id` = `epoch:next_offset`.',
        params: idParams,
        querystring: logQuery,
        produces: ['text/plain', 'text/event-stream'],
      },
      config: { access: { scope: 'jobs:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const { task: taskIndex, epoch, offset, follow } = request.query;
      const place = placeOf(lastEventId(request)) ?? { epoch, offset: BigInt(offset) };
      const wish = { jobId: request.params.id, taskIndex, ...place };
      // Before the first byte is sent: a job that is not there must be a problem, not an empty log.
      await deps.services.jobs.getJob({ jobId: wish.jobId }, await reading(deps, request));
      if (follow === 'true' || wantsEvents(request)) {
        return sendEvents(deps, request, reply, (signal) => followLogs(deps, request, wish, signal));
      }
      return sendText(deps, request, reply, wish);
    },
  );
};

async function sendText(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: Wish,
): Promise<FastifyReply> {
  const parts: Uint8Array[] = [];
  let size = 0;
  let { epoch, offset } = wish;
  const options = await streaming(deps, request, request.left);
  for await (const chunk of deps.services.jobs.streamLogs(logsRequest(wish, false), options)) {
    const taken = chunk.data.subarray(0, MAX_LOG_BYTES - size);
    parts.push(taken);
    size += taken.length;
    epoch = chunk.epoch;
    offset = chunk.offset + BigInt(taken.length);
    if (size >= MAX_LOG_BYTES) break;
  }
  return reply
    .header('log-epoch', String(epoch))
    .header('log-next-offset', String(offset))
    .type('text/plain; charset=utf-8')
    .send(Buffer.concat(parts));
}

/** Characters are never cut in two: the bytes of half a character wait for the next chunk. */
async function* followLogs(
  deps: HttpDeps,
  request: FastifyRequest,
  wish: Wish,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  const joiner = utf8Joiner();
  let current = wish.epoch;
  for await (const chunk of logChunks(deps, request, wish, signal)) {
    if (chunk.epoch !== current) joiner.reset();
    current = chunk.epoch;
    const text = joiner.push(chunk.data);
    const nextOffset = chunk.offset + BigInt(chunk.data.length - joiner.pendingBytes());
    if (text !== '') {
      const data = { epoch: chunk.epoch, next_offset: String(nextOffset), text };
      yield { id: `${chunk.epoch}:${nextOffset}`, event: 'log', data };
    }
  }
}

/** All chunks until the job has ended, over its attempts. A stream of a named attempt ends with that attempt. */
async function* logChunks(
  deps: HttpDeps,
  request: FastifyRequest,
  wish: Wish,
  signal: AbortSignal,
): AsyncGenerator<StreamLogsResponse> {
  let from: Wish = wish;
  while (!signal.aborted) {
    const open = async function* (last: StreamLogsResponse | undefined) {
      if (last) from = { ...wish, epoch: last.epoch, offset: last.offset + BigInt(last.data.length) };
      yield* deps.services.jobs.streamLogs(logsRequest(from, true), await streaming(deps, request, signal));
    };
    let { epoch } = from;
    for await (const chunk of resuming(deps, signal, open)) {
      epoch = chunk.epoch;
      yield chunk;
    }
    if (signal.aborted) return;
    const { job } = await deps.services.jobs.getJob({ jobId: wish.jobId }, await reading(deps, request));
    if (epoch === 0 || present(job).epoch <= epoch) return;
    from = { ...wish, epoch: epoch + 1, offset: 0n };
  }
}

function logsRequest({ jobId, taskIndex, epoch, offset }: Wish, follow: boolean) {
  return { jobId, taskIndex, epoch, fromOffset: offset, follow };
}

function placeOf(eventId: string | undefined): Place | undefined {
  if (eventId === undefined) return undefined;
  const [, epoch, offset] = /^([0-9]{1,9}):([0-9]{1,18})$/.exec(eventId) ?? [];
  if (epoch === undefined || offset === undefined) throw problem('invalid_last_event_id');
  return { epoch: Number(epoch), offset: BigInt(offset) };
}
