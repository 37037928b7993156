import { trace } from '@opentelemetry/api';
import type { Logger } from '@suanli/kernel';
import pino, { type DestinationStream } from 'pino';

export type LoggerOptions = {
  service: string;
  /** `trace`, `debug`, `info`, `warn`, `error` or `silent`. */
  level: string;
  replicaId?: string;
  /** Default: standard output, written at once so that nothing is lost at exit. */
  destination?: DestinationStream;
};

/** JSON lines with time, level, service and, inside a span, its ids. Secrets are blotted out by the names of fields. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level, replicaId, destination } = options;
  const settings = {
    level,
    base: { service, ...(replicaId !== undefined && { replica: replicaId }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError },
    mixin: traceFields,
    redact: { paths: redactedPaths(), censor: '[redacted]' },
  };
  return destination ? pino(settings, destination) : pino(settings);
}

const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'cookie',
  'apiKey',
  'api_key',
  'accessToken',
  'access_token',
  'token',
  'jwt',
  'password',
  'secret',
  'secretKey',
  'privateKey',
  'masterKey',
  'signingKey',
  'jobKey',
];

/** At the top, one and two levels down: `headers.authorization`, `request.headers.authorization`. */
function redactedPaths(): string[] {
  return SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
}

function traceFields(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { traceId: span.traceId, spanId: span.spanId } : {};
}

/** Errors of database clients carry the parameters of the statement, which are customers' data. */
function serializeError(error: Error): object {
  const { params: _params, parameters: _parameters, ...plain } = pino.stdSerializers.err(error);
  return { ...plain, message: scrub(plain.message), stack: scrub(plain.stack) };
}

/** Words of errors quote connection URLs, headers and the parameters of statements; those are cut out. */
export function scrub(text: string): string {
  return text
    .replace(/\/\/([^\s:@/]*):[^\s@/]+@/g, '//$1:[redacted]@')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]')
    .replace(/\nparams: [\s\S]*?(?=\n {4}at |$)/g, '\nparams: [redacted]');
}
