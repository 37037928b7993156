import { Metadata, status } from '@grpc/grpc-js';
import type { Logger } from '@suanli/kernel';
import { GrpcCallError } from '../call-error.ts';
import { boundText, DETAILS_TRAILER, encodeDetails } from '../error-details.ts';
import { MAX_ERROR_MESSAGE_CHARS } from '../limits.ts';
import { type GrpcRefusal, RefusedError, unavailable } from '../refusal.ts';
import { isUnavailableError } from '../unavailable.ts';

export type Status = { code: status; details: string; metadata: Metadata; reason: string };

/** Why the signal of a call was aborted: its deadline, its caller, or our own stop. */
export type EndReason = 'deadline' | 'cancelled' | 'shutdown';

export function statusOfRefusal(refusal: GrpcRefusal): Status {
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, encodeDetails(refusal));
  return {
    code: refusal.code,
    details: boundText(refusal.message, MAX_ERROR_MESSAGE_CHARS),
    metadata,
    reason: refusal.reason,
  };
}

export function statusOfEnd(end: EndReason): Status {
  switch (end) {
    case 'deadline':
      return statusOfRefusal(deadlineExceeded);
    case 'cancelled':
      return statusOfRefusal({ code: status.CANCELLED, reason: 'CANCELLED', message: 'the caller went away' });
    case 'shutdown':
      return statusOfRefusal(unavailable('SHUTTING_DOWN', 'this replica is stopping; call another'));
  }
}

/**
 * The one translator from what a handler throws to what its caller learns. Unknown errors become a fixed text and the
 * correlation id to quote: their own words may hold secrets, and stay in the log.
 */
export function statusOfThrown(error: unknown, correlationId: string, logger: Logger): Status {
  if (error instanceof RefusedError) return statusOfRefusal(error.refusal);
  if (error instanceof GrpcCallError && error.kind === 'deadline') {
    logger.warn({ err: error, correlationId }, 'a service did not answer in time');
    return statusOfRefusal(deadlineExceeded);
  }
  if (isUnavailableError(error)) {
    logger.warn({ err: error, correlationId }, 'a dependency is not available');
    return statusOfRefusal(unavailable('DEPENDENCY_UNAVAILABLE', 'a dependency is not available; try again later'));
  }
  logger.error({ err: error, correlationId }, 'call failed');
  return statusOfRefusal({
    code: status.INTERNAL,
    reason: 'INTERNAL',
    message: 'internal error',
    metadata: { correlationId },
  });
}

const deadlineExceeded: GrpcRefusal = {
  code: status.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  message: 'the call took longer than its deadline',
};
