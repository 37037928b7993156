import { type Clock, type Logger, systemClock } from '@suanli/kernel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHECK_TIMEOUT_MS, OPS_MAX_CONNECTIONS, OPS_REQUEST_TIMEOUT_MS } from './limits.ts';
import type { Metrics } from './metrics.ts';

/** Resolves when fine, throws when not. Runs on every probe: keep it cheap. */
export type ReadinessCheck = () => Promise<void> | void;

export type OpsServerOptions = {
  /** `host:port`; port 0 picks a free one. */
  address: string;
  /** By the name of what they look at: `postgres`, `nats`, `loops`. */
  checks: Record<string, ReadinessCheck>;
  metrics: Pick<Metrics, 'render'>;
  logger: Logger;
  clock?: Clock;
};

export type OpsServer = AsyncDisposable & {
  /** Binds and resolves to the port. */
  listen(): Promise<number>;
  /** From now on `/readyz` says no: the first step of a stop. */
  drain(): void;
};

/** Plain HTTP for probes and scrapers: `/healthz` (the process turns), `/readyz` (it can do its work), `/metrics`. */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  const { address, metrics, clock = systemClock } = options;
  const logger = options.logger.child({ component: 'ops' });
  let isDraining = false;
  let lastFailing = '';

  async function readiness(): Promise<string[]> {
    if (isDraining) return ['draining'];
    const outcomes = await Promise.all(
      Object.entries(options.checks).map(([name, check]) => failure(name, check, clock)),
    );
    const failing = outcomes.filter((outcome) => outcome !== undefined);
    const names = failing.map(({ name }) => name);
    // Only changes are logged: probes come every few seconds.
    if (names.join() !== lastFailing) {
      lastFailing = names.join();
      if (failing.length === 0) logger.info({}, 'ready');
      for (const { name, error } of failing) logger.warn({ check: name, err: error }, 'not ready');
    }
    return names;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, 'text/plain', 'GET only\n');
    switch (request.url?.split('?')[0] ?? '') {
      case '/healthz':
        return reply(response, 200, 'application/json', '{"alive":true}\n');
      case '/readyz': {
        const failing = await readiness();
        const body = `${JSON.stringify({ ready: failing.length === 0, failing })}\n`;
        return reply(response, failing.length === 0 ? 200 : 503, 'application/json', body);
      }
      case '/metrics': {
        const { contentType, body } = await metrics.render();
        return reply(response, 200, contentType, body);
      }
      default:
        return reply(response, 404, 'text/plain', 'try /healthz, /readyz or /metrics\n');
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error, url: request.url }, 'an ops request failed');
      if (response.headersSent) response.destroy();
      else reply(response, 500, 'text/plain', 'failed\n');
    });
  });
  server.maxConnections = OPS_MAX_CONNECTIONS;
  server.requestTimeout = OPS_REQUEST_TIMEOUT_MS;
  server.headersTimeout = OPS_REQUEST_TIMEOUT_MS;

  return {
    async listen() {
      const port = await bind(server, address);
      logger.info({ port }, 'ops listens');
      return port;
    },
    drain() {
      isDraining = true;
    },
    async [Symbol.asyncDispose]() {
      isDraining = true;
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function failure(name: string, check: ReadinessCheck, clock: Clock) {
  const done = new AbortController();
  const late = clock.sleep(CHECK_TIMEOUT_MS, done.signal).then(() => {
    if (!done.signal.aborted) throw new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`);
  });
  try {
    await Promise.race([Promise.resolve().then(check), late]);
    return undefined;
  } catch (error) {
    return { name, error };
  } finally {
    done.abort();
  }
}

function reply(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}

function bind(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
