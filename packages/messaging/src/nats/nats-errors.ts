import { NatsError } from 'nats';
import { BusUnavailable } from '../bus.ts';

const UNAVAILABLE_CODES = new Set([
  '503',
  'TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DRAINING',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'DISCONNECT',
]);

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;
const STREAM_NAME_IN_USE = 10_058;

/** Turns what the client throws when something is not there now into BusUnavailable; lets the rest through. */
export function translated(error: unknown, doing: string): unknown {
  if (!(error instanceof NatsError)) return error;
  if (!UNAVAILABLE_CODES.has(error.code)) return error;
  return new BusUnavailable(`${doing}: ${error.api_error?.description ?? error.message}`, { cause: error });
}

export function isStreamMissing(error: unknown): boolean {
  return apiCode(error) === STREAM_NOT_FOUND;
}

export function isConsumerMissing(error: unknown): boolean {
  return apiCode(error) === CONSUMER_NOT_FOUND;
}

export function isStreamThere(error: unknown): boolean {
  return apiCode(error) === STREAM_NAME_IN_USE;
}

/** Wrong user or password, or a subject that this identity may not use: waiting does not help. */
export function isRefused(error: unknown): boolean {
  return error instanceof NatsError && (error.isAuthError() || error.isPermissionError());
}

function apiCode(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
