import type { AddressInfo } from 'node:net';
import { setTimeout as waitMs } from 'node:timers/promises';
import { isUnavailable } from '@suanli/postgres';
import Fastify from 'fastify';
import { blobRoutes } from './blob-routes.ts';
import { problem } from './problem.ts';
import { type DataRouteOptions, uploadRoutes } from './upload-routes.ts';

export type DataPort = AsyncDisposable & {
  /** Binds and resolves to the port. */
  listen(): Promise<number>;
};

/** One request, however large: a quarter of the age at which an untouched upload is collected. */
const MAX_TRANSFER_MS = 6 * 3_600_000;
/** A connection on which nothing moves is given up; what came over it is kept. */
const IDLE_CONNECTION_MS = 60_000;
/** At stop, transfers get this long; an upload that is cut goes on at another replica. */
const STOP_LIMIT_MS = 5_000;

/** The HTTP listener that carries bytes. Every URL brings its own permission; there are no other credentials. */
export function createDataPort(options: DataRouteOptions & { address: string }): DataPort {
  const logger = options.logger.child({ component: 'data port' });
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: MAX_TRANSFER_MS,
    connectionTimeout: IDLE_CONNECTION_MS,
    forceCloseConnections: 'idle',
  });
  // Bodies are bytes, whatever they call themselves, and are never parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setNotFoundHandler((_request, reply) => problem(reply, 'route_not_found'));
  app.setErrorHandler((error, request, reply) => {
    if (isUnavailable(error)) return problem(reply, 'service_unavailable');
    logger.error({ err: error, method: request.method, path: request.url.split('?')[0] }, 'a transfer failed');
    return problem(reply, 'internal_error');
  });
  uploadRoutes(app, { ...options, logger });
  blobRoutes(app, { ...options, logger });

  return {
    async listen() {
      const colon = options.address.lastIndexOf(':');
      const host = options.address.slice(0, colon).replace(/^\[|\]$/g, '');
      await app.listen({ host, port: Number(options.address.slice(colon + 1)) });
      const { port } = app.server.address() as AddressInfo;
      logger.info({ port }, 'data port listens');
      return port;
    },
    async [Symbol.asyncDispose]() {
      const stopped = new AbortController();
      const cut = waitMs(STOP_LIMIT_MS, undefined, { signal: stopped.signal }).then(
        () => app.server.closeAllConnections(),
        () => undefined,
      );
      await app.close();
      stopped.abort();
      await cut;
    },
  };
}
