import {
  status,
  type handleServerStreamingCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Access } from '../auth/access.ts';
import { STREAM_DEADLINE_MS } from '../limits.ts';
import type { Refused } from '../refusal.ts';
import { type CallSpan, serverSpan } from '../trace.ts';
import { arrivedCall, openCall, type OpenCall } from './open-call.ts';
import { SERVE, type Servable, type ServerRuntime } from './runtime.ts';
import { type Status, statusOfEnd, statusOfRefusal, statusOfThrown } from './to-status.ts';
import { notBound, overloaded } from './unary.ts';

/** Yields the messages of one answer; `return refuse(…)` ends it with a status. */
export type StreamHandle<Ctx, Req, Res> = (ctx: Ctx, request: Req) => AsyncGenerator<Res, Refused | void, void>;

/**
 * A server-streaming method: `watchLogs: serverStream(access, async function* (ctx, request) { yield … })`.
 * The generator is resumed only as fast as the client reads. When the client leaves or the deadline passes, `ctx.signal`
 * aborts and the generator is returned, so that its `finally` blocks run.
 */
export function serverStream<Ctx, Req, Res>(
  access: Access<Ctx>,
  handle: StreamHandle<Ctx, Req, Res>,
  options: { maxDurationMs?: number } = {},
): handleServerStreamingCall<Req, Res> & Servable {
  const maxDurationMs = options.maxDurationMs ?? STREAM_DEADLINE_MS;
  const bind = (runtime: ServerRuntime): UntypedHandleCall => {
    const serve: handleServerStreamingCall<Req, Res> = (call) =>
      void serveStream(call, { runtime, access, handle, maxDurationMs });
    return serve as UntypedHandleCall;
  };
  const unbound: handleServerStreamingCall<Req, Res> = (call) =>
    void call.emit('error', Object.assign(new Error(), notBound));
  return Object.assign(unbound, { [SERVE]: { kind: access.kind, bind } });
}

type Serving<Ctx, Req, Res> = {
  runtime: ServerRuntime;
  access: Access<Ctx>;
  handle: StreamHandle<Ctx, Req, Res>;
  maxDurationMs: number;
};

async function serveStream<Ctx, Req, Res>(
  call: ServerWritableStream<Req, Res>,
  { runtime, access, handle, maxDurationMs }: Serving<Ctx, Req, Res>,
): Promise<void> {
  const startedMs = performance.now();
  const method = call.getPath();
  const span = serverSpan(method, call.metadata);
  const open = openCall(call, maxDurationMs, runtime.ids);
  const { correlationId, signal } = open;
  let answered = false;

  const answer = (failure?: Status) => {
    if (answered) return;
    answered = true;
    open.finish();
    if (failure) call.emit('error', Object.assign(new Error(failure.details), failure));
    else call.end();
    span.end(failure?.code ?? status.OK, failure?.reason);
    runtime.observe({
      method,
      code: failure?.code ?? status.OK,
      reason: failure?.reason ?? '',
      durationMs: performance.now() - startedMs,
    });
  };

  if (!runtime.streams.take(open)) return answer(statusOfRefusal(overloaded));
  signal.addEventListener('abort', () => answer(statusOfEnd(open.ended() ?? 'cancelled')), { once: true });
  try {
    const ctx = await span.within(() => access.admit(arrivedCall(call, open)));
    const refused = await pump(handle(ctx, call.request), call, span, open);
    answer(refused && statusOfRefusal(refused.refusal));
  } catch (error) {
    if (answered)
      runtime.logger.debug({ err: error, method, correlationId }, 'a stream failed after its call had ended');
    else answer(statusOfThrown(error, correlationId, runtime.logger.child({ method })));
  } finally {
    runtime.streams.give(open);
  }
}

/** Moves messages until the generator ends or the call does; every resumption runs within the call's span. */
async function pump<Req, Res>(
  messages: AsyncGenerator<Res, Refused | void, void>,
  call: ServerWritableStream<Req, Res>,
  span: CallSpan,
  open: OpenCall,
): Promise<Refused | undefined> {
  try {
    while (!open.signal.aborted) {
      const next = await span.within(() => messages.next());
      if (next.done) return next.value ?? undefined;
      if (open.signal.aborted) break;
      if (!call.write(next.value)) await drained(call, open.signal);
    }
    return undefined;
  } finally {
    await messages.return(undefined);
  }
}

/** Resolves when the transport takes more, or when the call is over: then no `drain` ever comes. */
function drained(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || !call.writableNeedDrain) return resolve();
    const finish = () => {
      call.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    call.once('drain', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
