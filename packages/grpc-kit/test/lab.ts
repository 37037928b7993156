import { silentLogger } from '@suanli/test-kit';
import {
  anonymousHandler,
  type AnonymousContext,
  createGrpcClient,
  createGrpcServer,
  type GrpcServerOptions,
  serverStream,
  type StreamHandle,
  unary,
  type UnaryHandle,
} from '../src/index.ts';
import {
  type CountRequest,
  type CountResponse,
  type EchoRequest,
  type EchoResponse,
  LabServiceClient,
  LabServiceService,
  type LabServiceServer,
} from './lab-service.ts';

export type LabHandlers = {
  echo?: UnaryHandle<AnonymousContext, EchoRequest, EchoResponse>;
  count?: StreamHandle<AnonymousContext, CountRequest, CountResponse>;
  maxDurationMs?: number;
};

export const CALL_MS = 5_000;

/** A server of the lab service open to anyone, and a client of it: for tests of what happens after admission. */
export async function startLab(handlers: LabHandlers, options: Partial<GrpcServerOptions> = {}) {
  await using boot = new AsyncDisposableStack();
  const limit = handlers.maxDurationMs === undefined ? {} : { maxDurationMs: handlers.maxDurationMs };
  const implementation: LabServiceServer = {
    echo: unary(anonymousHandler(), handlers.echo ?? echo, limit),
    count: serverStream(anonymousHandler(), handlers.count ?? count, limit),
  };
  const server = boot.use(
    createGrpcServer({
      address: '127.0.0.1:0',
      services: [{ definition: LabServiceService, implementation }],
      logger: silentLogger,
      ...options,
    }),
  );
  const address = `127.0.0.1:${await server.listen()}`;
  const client = boot.use(createGrpcClient(LabServiceClient, { address, defaultDeadlineMs: CALL_MS }));
  const owned = boot.move();
  return { server, client, address, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function echo(_ctx: AnonymousContext, request: EchoRequest): Promise<EchoResponse> {
  return { text: request.text };
}

async function* count(_ctx: AnonymousContext, { upTo, paddingChars }: CountRequest) {
  const padding = 'x'.repeat(paddingChars);
  for (let value = 0; value < upTo; value++) yield { value, padding };
}

/** A promise that the test settles, for handlers that must be caught in the middle. */
export function gate<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** What a call failed with; undefined when it was answered. */
export const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );
