import { status } from '@grpc/grpc-js';

/** A gRPC status code, as a number: `status.NOT_FOUND` and its like. */
export type StatusCode = status;

/**
 * An expected "no", as a value. `reason` is stable and SCREAMING_SNAKE (clients switch on it), `message` is for people
 * and public, `metadata` carries the figures (an amount that is missing, a limit).
 */
export type GrpcRefusal = {
  code: StatusCode;
  reason: string;
  message: string;
  metadata?: Record<string, string>;
};

/** Figures of a refusal; numbers become their decimal strings. */
export type RefusalFields = Record<string, string | number | bigint | boolean>;

/** What a handler returns instead of a response to refuse the call. */
export class Refused {
  readonly refusal: GrpcRefusal;
  constructor(refusal: GrpcRefusal) {
    this.refusal = refusal;
  }
}

/** `return refuse(notFound('WALLET_NOT_FOUND', 'no such wallet'))`: ends the call with a status, without a throw. */
export function refuse(refusal: GrpcRefusal): Refused {
  return new Refused(refusal);
}

/** The same "no" where a value cannot travel: deep inside a call, or out of a token check. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly refusal: GrpcRefusal;
  constructor(refusal: GrpcRefusal) {
    super(`${refusal.reason}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** Something to throw that ends the call with exactly this status. */
export function grpcError(refusal: GrpcRefusal): RefusedError {
  return new RefusedError(refusal);
}

type MakeRefusal = (reason: string, message: string, fields?: RefusalFields) => GrpcRefusal;

function refusalOf(code: StatusCode): MakeRefusal {
  return (reason, message, fields) => ({
    code,
    reason: reason.toUpperCase(),
    message,
    ...(fields && { metadata: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)])) }),
  });
}

/** The request can never succeed as it is. */
export const invalidArgument = refusalOf(status.INVALID_ARGUMENT);
/** The request may succeed once the state has changed: no money, a frozen account, a finished job. */
export const failedPrecondition = refusalOf(status.FAILED_PRECONDITION);
/** There is no such thing, or the tenant may not know of it. */
export const notFound = refusalOf(status.NOT_FOUND);
/** The thing exists, or the request id was used with another body. */
export const alreadyExists = refusalOf(status.ALREADY_EXISTS);
/** Someone else changed it first: read again, then repeat. */
export const aborted = refusalOf(status.ABORTED);
export const permissionDenied = refusalOf(status.PERMISSION_DENIED);
export const unauthenticated = refusalOf(status.UNAUTHENTICATED);
/** A quota or rate is used up. */
export const resourceExhausted = refusalOf(status.RESOURCE_EXHAUSTED);
export const outOfRange = refusalOf(status.OUT_OF_RANGE);
/** Try again later: what we depend on is away. */
export const unavailable = refusalOf(status.UNAVAILABLE);
