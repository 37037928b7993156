/** Every bound of this package, with its unit. Bulk bytes never travel in messages, so messages may stay small. */

export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Calls one server works on at the same time; more are refused as OVERLOADED without being started. */
export const MAX_UNARY_IN_FLIGHT = 512;
export const MAX_STREAMS_IN_FLIGHT = 1024;
/** Above both together, so that a full server says so: at this bound the transport would silently queue calls instead. */
export const MAX_CALLS_PER_CONNECTION = 2048;

/** What a unary call gets when its caller names no deadline, and the most that a caller can get. */
export const UNARY_DEADLINE_MS = 30_000;
/** The same for a server stream; its client opens a new one from where it was. */
export const STREAM_DEADLINE_MS = 15 * 60_000;

export const KEEPALIVE_TIME_MS = 30_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** First and longest pause between a client's attempts to connect. */
export const RECONNECT_FIRST_MS = 100;
export const RECONNECT_MAX_MS = 5_000;

/** At stop: streams are told to end after the first, everything is cut after the second. */
export const STREAM_DRAIN_MS = 2_000;
export const SHUTDOWN_LIMIT_MS = 10_000;

/** Bounds of an error on the wire; together they stay below the 8 KiB that proxies allow for headers. */
export const MAX_ERROR_MESSAGE_CHARS = 256;
export const MAX_REASON_CHARS = 63;
export const MAX_METADATA_ENTRIES = 16;
export const MAX_METADATA_KEY_CHARS = 64;
export const MAX_METADATA_VALUE_CHARS = 256;
export const MAX_DETAILS_BYTES = 3_072;

export const MAX_TOKEN_CHARS = 4_096;
/** The gateway mints for five minutes; a token that lives longer was not minted by its rules. */
export const MAX_TOKEN_LIFE_MS = 5 * 60_000;
/** How far two machines' clocks may differ. */
export const CLOCK_TOLERANCE_MS = 5_000;
export const VERIFIED_TOKEN_CACHE_SIZE = 4_096;

export const JWKS_TIMEOUT_MS = 2_000;
export const JWKS_MAX_BYTES = 64 * 1024;
/** Keys older than this are fetched again in the background; the old ones serve until that succeeds. */
export const JWKS_MAX_AGE_MS = 5 * 60_000;
/** Two fetches are at least this far apart, so that made-up key ids cannot turn into load on the issuer. */
export const JWKS_MIN_INTERVAL_MS = 2_000;

export const RETRY_FIRST_MS = 50;
export const RETRY_MAX_MS = 1_000;
