/**
 * Whether an error says that something we depend on is away (and may come back), rather than that we have a bug.
 * Known by shape, so that this package depends on no database, broker or cache client.
 */
export function isUnavailableError(error: unknown): boolean {
  return walk(error, 0);
}

const MAX_CAUSE_DEPTH = 6;

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** PostgreSQL: shutting down, crashed, starting up, too many clients, no standby for writes. */
const SQL_STATES = new Set(['57P01', '57P02', '57P03', '53300', '25006']);

/** The NATS client's own codes; '503' is "no responders". */
const BROKER_CODES = new Set([
  '503',
  'TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DRAINING',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'DISCONNECT',
  'STALE_CONNECTION',
]);

/** Clients that put it in words only: pg's pool and protocol, ioredis. */
const MESSAGES = [
  'timeout exceeded when trying to connect',
  'is not currently accepting connections',
  'connection terminated',
  'client has encountered a connection error',
  'connection is closed',
  'reached the max retries per request limit',
];

function walk(error: unknown, depth: number): boolean {
  if (depth > MAX_CAUSE_DEPTH || typeof error !== 'object' || error === null) return false;
  if (looksUnavailable(error)) return true;
  if ('errors' in error && Array.isArray(error.errors) && error.errors.some((e) => walk(e, depth + 1))) return true;
  return 'cause' in error && walk(error.cause, depth + 1);
}

function looksUnavailable(error: object): boolean {
  if ('kind' in error && error.kind === 'unavailable') return true;
  if ('code' in error && typeof error.code === 'string') {
    const code = error.code;
    if (NETWORK_CODES.has(code) || SQL_STATES.has(code) || /^08[0-9A-Z]{3}$/.test(code)) return true;
    if ('name' in error && error.name === 'NatsError' && BROKER_CODES.has(code)) return true;
  }
  if (!('message' in error) || typeof error.message !== 'string') return false;
  const message = error.message.toLowerCase();
  return MESSAGES.some((part) => message.includes(part));
}
