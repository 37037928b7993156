import type { CallContext } from '@suanli/kernel';

/** What one call may set. */
export type CallOptions = {
  /** Lends its correlation id and its signal. A PeerContext will do as well. */
  ctx?: Pick<CallContext, 'correlationId' | 'signal'>;
  /** A token of the gateway, sent as `authorization: Bearer …`. */
  token?: string;
  /** From now. Default: the client's. For a stream it bounds the whole stream. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** Wait for a connection until the deadline, instead of failing at once while the other side is away. */
  waitForReady?: boolean;
};

export type UnaryCallOptions = CallOptions & {
  /**
   * Repeats on UNAVAILABLE, within the deadline, with jittered back-off. Only for calls that may happen twice: reads, and
   * commands that carry a request id.
   */
  retryUnavailable?: { attempts: number };
};

/** One entry of a service definition as ts-proto writes it. */
export type MethodShape = {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  // A method's own request type is only known below; `never` makes every serializer fit.
  readonly requestSerialize: (value: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
};
export type ServiceShape = { readonly [name: string]: MethodShape };

/** The generated client class (`WalletServiceClient`); only its definition is used. */
export type ClientConstructor<Service extends ServiceShape> = { service: Service; serviceName: string };

type RequestOf<M extends MethodShape> = Parameters<M['requestSerialize']>[0];
type ResponseOf<M extends MethodShape> = ReturnType<M['responseDeserialize']>;

/** Methods of which the client sends a stream are left out: the platform has none. */
type CallableNames<Service extends ServiceShape> = {
  [Name in keyof Service]: Service[Name]['requestStream'] extends false ? Name : never;
}[keyof Service];

/** Every call rejects with GrpcCallError; see `readGrpcError` for what its `kind` means. */
export type GrpcClient<Service extends ServiceShape> = AsyncDisposable & {
  readonly [Name in CallableNames<Service>]: Service[Name]['responseStream'] extends true
    ? (request: RequestOf<Service[Name]>, options?: CallOptions) => AsyncIterable<ResponseOf<Service[Name]>>
    : (request: RequestOf<Service[Name]>, options?: UnaryCallOptions) => Promise<ResponseOf<Service[Name]>>;
};
