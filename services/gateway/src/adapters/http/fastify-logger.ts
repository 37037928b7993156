import type { Logger } from '@suanli/kernel';
import type { FastifyBaseLogger } from 'fastify';

type Write = (fields: object, message: string) => void;

/** Our logger in the shape that Fastify asks for. */
export function fastifyLogger(logger: Logger): FastifyBaseLogger {
  const line = (write: Write) => (first: unknown, message?: string) =>
    typeof first === 'object' && first !== null ? write(first, message ?? '') : write({}, String(first));
  return {
    level: 'info',
    trace: line((fields, message) => logger.debug(fields, message)),
    debug: line((fields, message) => logger.debug(fields, message)),
    info: line((fields, message) => logger.info(fields, message)),
    warn: line((fields, message) => logger.warn(fields, message)),
    error: line((fields, message) => logger.error(fields, message)),
    fatal: line((fields, message) => logger.error(fields, message)),
    silent: () => undefined,
    child: (bindings) => fastifyLogger(logger.child(bindings)),
  };
}
