const SQLSTATE = /^[0-9A-Z]{5}$/;
const MAX_CAUSES = 8;

/** Node's own codes for a server that cannot be reached. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** Failures that are known by their words: the driver gives them no code, or the code says too little. */
const DRIVER_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Query read timeout',
  'Cannot use a pool after calling end',
  // An administrator has closed the database for a while. Its code (55000) also stands for plain mistakes.
  'is not currently accepting connections',
];

/**
 * Classes and codes that say "not now": connection (08), resources (53), operator (57P: shutdown, crash, starting up),
 * a standby that is not primary yet (25006), lock not had in time, contention that outlived the retries.
 */
const TRANSIENT_STATES = ['08', '53', '57P', '25006', '55P03', '40001', '40P01'];

/** The five-character code of a PostgreSQL error, also when drizzle or a caller has wrapped it. */
export function sqlState(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    const code = codeOf(cause);
    if (code !== undefined && SQLSTATE.test(code) && !NETWORK_CODES.has(code)) return code;
  }
  return undefined;
}

/** The name of the violated constraint, for a store that turns it into a refusal. */
export function constraintOf(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    if ('constraint' in cause && typeof cause.constraint === 'string') return cause.constraint;
  }
  return undefined;
}

/** True when the database could not do it now and the same work may succeed later: wait, and do not count a failure. */
export function isUnavailable(error: unknown): boolean {
  for (const cause of causes(error)) {
    const code = codeOf(cause);
    if (code !== undefined && NETWORK_CODES.has(code)) return true;
    if (DRIVER_MESSAGES.some((message) => cause.message.includes(message))) return true;
    if (code !== undefined && SQLSTATE.test(code)) return TRANSIENT_STATES.some((prefix) => code.startsWith(prefix));
  }
  return false;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function* causes(error: unknown): Generator<Error> {
  const queue: unknown[] = [error];
  for (let seen = 0; queue.length > 0 && seen < MAX_CAUSES; seen++) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    yield next;
    if (next instanceof AggregateError) queue.push(...next.errors);
    queue.push(next.cause);
  }
}
