import { status } from '@grpc/grpc-js';
import { CURRENCY } from '@suanli/kernel';
import type { GrpcErrorView } from '@suanli/grpc-kit';
import { isProblemCode, type ProblemCode } from './catalogue.ts';
import { ProblemError, type ProblemExtras } from './problem.ts';

/** Reasons of services that mean something else, or something more, to a customer than their name says. */
const RENAMED: Readonly<Record<string, ProblemCode>> = {
  REQUEST_ID_REUSED: 'idempotency_key_reused',
  ROUTE_NOT_FOUND: 'route_unknown',
  INVALID_REQUEST: 'invalid_argument',
  CURSOR_INVALID: 'invalid_cursor',
  LIMIT_OUT_OF_RANGE: 'invalid_request',
  KEYS_UNAVAILABLE: 'service_unavailable',
  // A token that we minted ourselves was not believed: ours to repair, the customer's key is good.
  TOKEN_INVALID: 'internal_error',
  TOKEN_MISSING: 'internal_error',
  TOKEN_EXPIRED: 'service_unavailable',
};

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  [status.INVALID_ARGUMENT]: 'invalid_argument',
  [status.OUT_OF_RANGE]: 'invalid_argument',
  [status.NOT_FOUND]: 'not_found',
  [status.ALREADY_EXISTS]: 'already_exists',
  [status.ABORTED]: 'conflict',
  [status.FAILED_PRECONDITION]: 'precondition_failed',
  [status.PERMISSION_DENIED]: 'permission_denied',
  [status.RESOURCE_EXHAUSTED]: 'quota_exhausted',
  [status.UNAVAILABLE]: 'service_unavailable',
  [status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
};

/** What a service's answer means to a customer: its reason when the catalogue knows it, else its status. */
export function problemFromGrpc(view: GrpcErrorView): ProblemError {
  const code = codeOf(view);
  const isOurs = code === 'internal_error' || code === 'service_unavailable' || code === 'deadline_exceeded';
  // Words of a refusal are public; words of a failure are for the log.
  return new ProblemError(code, isOurs ? undefined : view.message, isOurs ? {} : extrasOf(code, view.metadata), view);
}

function codeOf({ reason, status: code }: GrpcErrorView): ProblemCode {
  if (reason !== undefined) {
    const renamed = RENAMED[reason];
    if (renamed !== undefined) return renamed;
    const known = reason.toLowerCase();
    if (isProblemCode(known)) return known;
  }
  return BY_STATUS[code] ?? 'internal_error';
}

/** Refusals that a recharge cures: they say how much it would take. */
const NAMES_SHORTFALL: ReadonlySet<ProblemCode> = new Set(['insufficient_funds', 'exceeds_credits']);

function extrasOf(code: ProblemCode, metadata: Readonly<Record<string, string>>): ProblemExtras {
  const entries = Object.entries(metadata).map(([key, value]) => [snakeCase(key), value] as const);
  if (entries.length === 0) return {};
  const details = Object.fromEntries(entries);
  const shortfall = details['missing_micros'] ?? details['shortfall_micros'];
  return {
    details,
    ...(NAMES_SHORTFALL.has(code) && shortfall !== undefined && { shortfall_micros: shortfall, currency: CURRENCY }),
  };
}

/** Names become snake_case; JSON pointers, ids and the like are left as they are. */
function snakeCase(key: string): string {
  return /^[a-z][A-Za-z0-9]*$/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
}
