import { Metadata, status } from '@grpc/grpc-js';
import { GrpcCallError, readGrpcError } from '../call-error.ts';
import { CORRELATION_HEADER, isCorrelationId } from '../correlation.ts';
import type { CallOptions } from './client-types.ts';

/** Metadata that every call carries; `traceparent` is added with its span. */
export function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata({ waitForReady: options.waitForReady ?? false });
  const correlationId = options.ctx?.correlationId;
  if (isCorrelationId(correlationId)) metadata.set(CORRELATION_HEADER, correlationId);
  if (options.token !== undefined) metadata.set('authorization', `Bearer ${options.token}`);
  return metadata;
}

/** One signal out of the caller's context and the call's own. */
export function signalOf({ ctx, signal }: CallOptions): AbortSignal | undefined {
  if (ctx && signal) return AbortSignal.any([ctx.signal, signal]);
  return ctx?.signal ?? signal;
}

/** What the transport says, plus what only we know: whether our own caller's time ran out, or it left. */
export function callError(error: unknown, method: string, signal: AbortSignal | undefined): GrpcCallError {
  const view = readGrpcError(error);
  if (view.kind === 'cancelled' && signal?.aborted && isTimeout(signal.reason)) {
    return new GrpcCallError({ ...view, kind: 'deadline', status: status.DEADLINE_EXCEEDED }, method, error);
  }
  return new GrpcCallError(view, method, error);
}

/** A call that was over before it began. */
export function abortedError(method: string, signal: AbortSignal): GrpcCallError {
  const isLate = isTimeout(signal.reason);
  return new GrpcCallError(
    {
      kind: isLate ? 'deadline' : 'cancelled',
      status: isLate ? status.DEADLINE_EXCEEDED : status.CANCELLED,
      message: 'the caller had already gone',
      metadata: {},
    },
    method,
    signal.reason,
  );
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
