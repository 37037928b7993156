import { status, type Metadata } from '@grpc/grpc-js';
import { decodeDetails, DETAILS_TRAILER, ERROR_DOMAIN } from './error-details.ts';
import type { StatusCode } from './refusal.ts';

/**
 * What a failed call means for its caller.
 * - `refused`: the other side decided; `reason` says why. Repeating it unchanged gives the same answer.
 * - `deadline`: time ran out; the effect may or may not have happened.
 * - `unavailable`: nobody could answer; an idempotent call may be repeated.
 * - `cancelled`: our own caller went away.
 * - `failed`: a bug or a broken dependency on the other side.
 */
export type CallErrorKind = 'refused' | 'deadline' | 'unavailable' | 'cancelled' | 'failed';

export type GrpcErrorView = {
  kind: CallErrorKind;
  status: StatusCode;
  /** Present when the other side is ours and said why. */
  reason?: string;
  message: string;
  metadata: Record<string, string>;
};

/** What every call of a client made by `createGrpcClient` rejects with. */
export class GrpcCallError extends Error implements GrpcErrorView {
  override name = 'GrpcCallError';
  readonly kind: CallErrorKind;
  readonly status: StatusCode;
  declare readonly reason?: string;
  readonly metadata: Record<string, string>;
  /** `/suanli.billing.v1.WalletService/GetWallet`. */
  readonly method: string;

  constructor(view: GrpcErrorView, method: string, cause: unknown) {
    super(view.message, { cause });
    this.kind = view.kind;
    this.status = view.status;
    if (view.reason !== undefined) this.reason = view.reason;
    this.metadata = view.metadata;
    this.method = method;
  }
}

/** Reads any error that a gRPC call can give; what is none of them comes back as `failed` with status UNKNOWN. */
export function readGrpcError(error: unknown): GrpcErrorView {
  if (error instanceof GrpcCallError) return error;
  if (!isServiceError(error)) {
    return {
      kind: 'failed',
      status: status.UNKNOWN,
      message: error instanceof Error ? error.message : String(error),
      metadata: {},
    };
  }
  const trailer = error.metadata?.get(DETAILS_TRAILER)[0];
  const info = trailer instanceof Uint8Array ? decodeDetails(trailer) : undefined;
  const own = info?.domain === ERROR_DOMAIN ? info : undefined;
  return {
    kind: kindOf(error.code),
    status: error.code,
    ...(own && { reason: own.reason }),
    message: error.details,
    metadata: own?.metadata ?? {},
  };
}

type ServiceErrorLike = { code: StatusCode; details: string; metadata?: Metadata };

function isServiceError(error: unknown): error is ServiceErrorLike {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}

const KINDS: Partial<Record<StatusCode, CallErrorKind>> = {
  [status.DEADLINE_EXCEEDED]: 'deadline',
  [status.UNAVAILABLE]: 'unavailable',
  [status.CANCELLED]: 'cancelled',
  [status.UNKNOWN]: 'failed',
  [status.INTERNAL]: 'failed',
  [status.DATA_LOSS]: 'failed',
  [status.UNIMPLEMENTED]: 'failed',
};

function kindOf(code: StatusCode): CallErrorKind {
  return KINDS[code] ?? 'refused';
}
