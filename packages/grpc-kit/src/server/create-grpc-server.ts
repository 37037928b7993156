import {
  type ChannelOptions,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Clock, type IdSource, invariant, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { HealthImplementation } from 'grpc-health-check';
import {
  KEEPALIVE_TIME_MS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  MAX_CALLS_PER_CONNECTION,
  SHUTDOWN_LIMIT_MS,
  STREAM_DRAIN_MS,
} from '../limits.ts';
import { type Pem, pemBytes } from '../pem.ts';
import { createReflection, type ReflectionOptions } from './reflection.ts';
import { type CallObservation, isServable, SERVE, type ServerRuntime, streamSlots, unarySlots } from './runtime.ts';
import { endlessCalls, type EndlessCalls } from './endless-calls.ts';

/** `definition` and `implementation` as ts-proto names them: `WalletServiceService`, a `WalletServiceServer`. */
export type GrpcService = { definition: ServiceDefinition; implementation: UntypedServiceImplementation };

/** With `ca` the listener demands a certificate of that authority from every client. */
export type ServerTls = { ca?: Pem; cert: Pem; key: Pem };

export type GrpcServerOptions = {
  /** `host:port`; port 0 picks a free one. */
  address: string;
  tls?: ServerTls;
  services: readonly GrpcService[];
  reflection?: ReflectionOptions;
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  /** Called once per finished call. */
  observe?: (call: CallObservation) => void;
};

export type GrpcServer = AsyncDisposable & {
  /** Binds, reports SERVING and resolves to the port. */
  listen(): Promise<number>;
  /** What `grpc.health.v1` says of one service, or of all when none is named. */
  setServing(isServing: boolean, service?: string): void;
};

/**
 * A listener with health, optional reflection and a bounded stop. It refuses, at construction, to serve a method that
 * was not made by `unary`/`serverStream`, an internal package without mutual TLS, and a method whose access does not
 * fit its package: a slip in wiring must not open a door.
 */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { address, tls, services, clock = systemClock, ids = systemIds, observe = () => undefined } = options;
  const logger = options.logger.child({ component: 'grpc', address });
  const runtime: ServerRuntime = { logger, ids, observe, unary: unarySlots(), streams: streamSlots() };
  const server = new Server(channelOptions);
  const endless = endlessCalls();
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  const names = services.map(({ definition }) => serviceName(definition));

  services.forEach((service) => addService(server, service, runtime, tls?.ca !== undefined));
  names.forEach((name) => health.setStatus(name, 'NOT_SERVING'));
  health.addToServer(endless.tracking(server));
  if (options.reflection) createReflection(options.reflection).addToServer(endless.tracking(server));

  function setServing(isServing: boolean, service?: string): void {
    const affected = service === undefined ? ['', ...names] : [service];
    for (const name of affected) health.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING');
  }

  return {
    async listen() {
      const port = await bind(server, address, credentialsOf(tls));
      setServing(true);
      logger.info({ port, services: names, mutualTls: tls?.ca !== undefined }, 'gRPC listens');
      return port;
    },
    setServing,
    async [Symbol.asyncDispose]() {
      setServing(false);
      await stop(server, runtime, endless, clock);
    },
  };
}

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': MAX_CALLS_PER_CONNECTION,
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
};

function addService(server: Server, service: GrpcService, runtime: ServerRuntime, isMutual: boolean): void {
  const { definition, implementation } = service;
  const bound: UntypedServiceImplementation = {};
  const checked: Record<string, ServiceDefinition[string]> = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name];
    invariant(isServable(handler), `${method.path} is not made by unary() or serverStream()`);
    const { kind, bind } = handler[SERVE];
    const expected = method.path.includes('.internal.') ? 'internal' : 'public';
    invariant(kind === expected, `${method.path} must be guarded by ${expected}Handler()`);
    invariant(kind === 'public' || isMutual, `${method.path} may only be served with mutual TLS`);
    bound[name] = bind(runtime);
    checked[name] = { ...method, responseSerialize: loudly(method.path, method.responseSerialize, runtime.logger) };
  }
  server.addService(checked, bound);
}

/** The transport answers INTERNAL without a trace when a response cannot be encoded; this leaves one. */
function loudly<T>(method: string, serialize: (value: T) => Buffer, logger: Logger): (value: T) => Buffer {
  return (value) => {
    try {
      return serialize(value);
    } catch (error) {
      logger.error({ err: error, method }, 'a response could not be encoded');
      throw error;
    }
  };
}

function credentialsOf(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const pairs = [{ private_key: pemBytes(tls.key), cert_chain: pemBytes(tls.cert) }];
  return ServerCredentials.createSsl(tls.ca === undefined ? null : pemBytes(tls.ca), pairs, tls.ca !== undefined);
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** Takes no new calls, lets those in flight finish, tells streams to end, and cuts what is left at the limit. */
async function stop(server: Server, runtime: ServerRuntime, endless: EndlessCalls, clock: Clock): Promise<void> {
  const drained = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.tryShutdown((error) => {
      if (error) runtime.logger.warn({ err: error }, 'gRPC did not close cleanly');
      drained.abort();
      resolve();
    });
  });
  endless.endAll();
  const cut = async () => {
    await clock.sleep(STREAM_DRAIN_MS, drained.signal);
    if (!drained.signal.aborted) runtime.streams.endAll();
    await clock.sleep(SHUTDOWN_LIMIT_MS - STREAM_DRAIN_MS, drained.signal);
    if (drained.signal.aborted) return;
    runtime.logger.warn({ limitMs: SHUTDOWN_LIMIT_MS }, 'gRPC calls were cut at stop');
    runtime.unary.endAll();
    server.forceShutdown();
  };
  await Promise.race([closed, cut()]);
}

function serviceName(definition: ServiceDefinition): string {
  const method = Object.values(definition)[0];
  invariant(method !== undefined, 'a service needs at least one method');
  return method.path.split('/')[1] ?? '';
}
