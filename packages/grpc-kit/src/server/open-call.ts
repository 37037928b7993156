import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { IdSource } from '@suanli/kernel';
import type { ArrivedCall } from '../auth/access.ts';
import { CORRELATION_HEADER, isCorrelationId } from '../correlation.ts';
import { authContextOf } from './auth-context.ts';
import type { EndReason } from './to-status.ts';

type SurfaceCall = Omit<ServerUnaryCall<unknown, unknown>, 'request'>;

/** A call from its arrival to its answer. */
export type OpenCall = {
  correlationId: string;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** Set exactly when the signal is aborted. */
  ended(): EndReason | undefined;
  end(reason: EndReason): void;
  /** The answer is on its way: what happens to the connection from now on is no cancellation. */
  finish(): void;
};

/**
 * Ties a call's signal to its deadline and its caller. grpc-js emits `cancelled` after *every* call, good ones too,
 * hence the own `finished` flag.
 */
export function openCall(call: SurfaceCall, maxDurationMs: number, ids: IdSource): OpenCall {
  const controller = new AbortController();
  let finished = false;
  let ended: EndReason | undefined;

  const deadline = call.getDeadline();
  const askedMs = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  const timer = setTimeout(() => end('deadline'), Math.max(0, Math.min(askedMs, maxDurationMs)));

  function end(reason: EndReason): void {
    if (finished || ended) return;
    ended = reason;
    clearTimeout(timer);
    controller.abort(new DOMException(`call ended: ${reason}`, reason === 'deadline' ? 'TimeoutError' : 'AbortError'));
  }

  // The transport keeps the caller's deadline too, and may be a tick ahead of the timer above.
  call.on('cancelled', () => end(Date.now() >= Number(deadline) ? 'deadline' : 'cancelled'));

  return {
    correlationId: readCorrelationId(call) ?? ids.next('cor'),
    signal: controller.signal,
    ended: () => ended,
    end,
    finish() {
      finished = true;
      clearTimeout(timer);
    },
  };
}

/** What decides on admission. */
export function arrivedCall(call: SurfaceCall, { correlationId, signal }: OpenCall): ArrivedCall {
  const { metadata } = call;
  return { metadata, address: call.getPeer(), authContext: () => authContextOf(call), correlationId, signal };
}

function readCorrelationId(call: SurfaceCall): string | undefined {
  const value = call.metadata.get(CORRELATION_HEADER)[0];
  return isCorrelationId(value) ? value : undefined;
}
