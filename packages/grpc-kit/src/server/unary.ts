import type { handleUnaryCall, sendUnaryData, ServerUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Access } from '../auth/access.ts';
import { UNARY_DEADLINE_MS } from '../limits.ts';
import { Refused, unavailable } from '../refusal.ts';
import { serverSpan } from '../trace.ts';
import { arrivedCall, openCall } from './open-call.ts';
import { SERVE, type Servable, type ServerRuntime } from './runtime.ts';
import { type Status, statusOfEnd, statusOfRefusal, statusOfThrown } from './to-status.ts';

/** Answers one request, or refuses it with `refuse(…)`. What it throws is a failure (or a RefusedError). */
export type UnaryHandle<Ctx, Req, Res> = (ctx: Ctx, request: Req) => Promise<Res | Refused>;

/**
 * A unary method: `placeHold: unary(internalHandler({ callers: ['scheduler'] }), async (ctx, request) => …)`.
 * Runs `handle` only for callers that `access` admits; `ctx.signal` aborts at the deadline or when the caller leaves.
 */
export function unary<Ctx, Req, Res>(
  access: Access<Ctx>,
  handle: UnaryHandle<Ctx, Req, Res>,
  options: { maxDurationMs?: number } = {},
): handleUnaryCall<Req, Res> & Servable {
  const maxDurationMs = options.maxDurationMs ?? UNARY_DEADLINE_MS;
  const bind = (runtime: ServerRuntime): UntypedHandleCall => {
    const serve: handleUnaryCall<Req, Res> = (call, callback) =>
      void serveUnary(call, callback, { runtime, access, handle, maxDurationMs });
    return serve as UntypedHandleCall;
  };
  const unbound: handleUnaryCall<Req, Res> = (_call, callback) => callback(notBound);
  return Object.assign(unbound, { [SERVE]: { kind: access.kind, bind } });
}

/** What a handler answers that was registered on a bare grpc-js server: nobody would have been authenticated. */
export const notBound = { code: status.UNIMPLEMENTED, details: 'served without createGrpcServer' };

type Serving<Ctx, Req, Res> = {
  runtime: ServerRuntime;
  access: Access<Ctx>;
  handle: UnaryHandle<Ctx, Req, Res>;
  maxDurationMs: number;
};

async function serveUnary<Ctx, Req, Res>(
  call: ServerUnaryCall<Req, Res>,
  callback: sendUnaryData<Res>,
  { runtime, access, handle, maxDurationMs }: Serving<Ctx, Req, Res>,
): Promise<void> {
  const startedMs = performance.now();
  const method = call.getPath();
  const span = serverSpan(method, call.metadata);
  const open = openCall(call, maxDurationMs, runtime.ids);
  const { correlationId, signal } = open;
  let answered = false;

  const answer = (failure: Status | undefined, response?: Res) => {
    if (answered) return;
    answered = true;
    open.finish();
    if (failure) callback(failure);
    else callback(null, response as Res);
    span.end(failure?.code ?? status.OK, failure?.reason);
    runtime.observe({
      method,
      code: failure?.code ?? status.OK,
      reason: failure?.reason ?? '',
      durationMs: performance.now() - startedMs,
    });
  };

  if (!runtime.unary.take(open)) return answer(statusOfRefusal(overloaded));
  signal.addEventListener('abort', () => answer(statusOfEnd(open.ended() ?? 'cancelled')), { once: true });
  try {
    const result = await span.within(async () => {
      const ctx = await access.admit(arrivedCall(call, open));
      return handle(ctx, call.request);
    });
    if (result instanceof Refused) answer(statusOfRefusal(result.refusal));
    else answer(undefined, result);
  } catch (error) {
    if (answered)
      runtime.logger.debug({ err: error, method, correlationId }, 'a handler failed after its call had ended');
    else answer(statusOfThrown(error, correlationId, runtime.logger.child({ method })));
  } finally {
    runtime.unary.give(open);
  }
}

/** UNAVAILABLE, because nothing was started: any call may be repeated. */
export const overloaded = unavailable('OVERLOADED', 'too many calls at once; try again later');
