/** Every bound of the public listener, with its unit. */

/** JSON bodies. Bulk bytes go through uploads, which are streamed. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** What a payment provider tells at once. */
export const MAX_WEBHOOK_BYTES = 256 * 1024;
/** A conversation: long contexts are text too. */
export const MAX_CHAT_BYTES = 8 * 1024 * 1024;
/** A document of a corpus: 1 MiB of text. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** From the first byte of a request to its answer, for all but streams. */
export const HANDLER_TIMEOUT_MS = 30_000;
/** A call to another service; below the handler's limit, so that its error can still be told. */
export const READ_DEADLINE_MS = 10_000;
export const COMMAND_DEADLINE_MS = 20_000;
/** Attempts of a call that may happen twice, while the other side is away. */
export const CALL_ATTEMPTS = 3;
/** One server stream of a service; it is opened anew from where it was. */
export const STREAM_DEADLINE_MS = 15 * 60_000;

export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 200;
export const MAX_CURSOR_CHARS = 1_024;
export const MAX_ID_CHARS = 128;
export const MAX_NAME_CHARS = 100;

/** A comment line goes out this often on a quiet event stream, so that proxies keep it and dead clients are found. */
export const HEARTBEAT_MS = 15_000;
/** How long a stream tries to go on from where it was before it tells the client and ends. */
export const RESUME_LIMIT_MS = 60_000;
export const RESUME_PAUSE_MS = 1_000;
/** What a client that was cut off should wait before it comes back. */
export const RECONNECT_MS = 2_000;

/** Log text in one answer that is not a stream. */
export const MAX_LOG_BYTES = 1024 * 1024;

/** `Retry-After` of a 503. */
export const RETRY_AFTER_SECONDS = 2;
/** No answer head from the data port within this: gone. */
export const DATA_HEADERS_TIMEOUT_MS = 15_000;
/** No byte on an upload or download within this: gone. */
export const DATA_IDLE_TIMEOUT_MS = 60_000;
/** At stop, requests under way get this long. */
export const DRAIN_LIMIT_MS = 8_000;
