export {
  type Access,
  type AnonymousContext,
  anonymousHandler,
  contextOfClaims,
  internalHandler,
  onBehalfOf,
  type PeerContext,
  publicHandler,
  type PublicHandlerOptions,
} from './auth/access.ts';
export {
  type Claims,
  createTokenVerifier,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './auth/token-verifier.ts';
export { type CallErrorKind, GrpcCallError, type GrpcErrorView, readGrpcError } from './call-error.ts';
export type { ClientTls } from './client/channel.ts';
export type { CallOptions, GrpcClient, UnaryCallOptions } from './client/client-types.ts';
export { createGrpcClient, type GrpcClientOptions } from './client/create-grpc-client.ts';
export { ERROR_DOMAIN } from './error-details.ts';
export {
  aborted,
  alreadyExists,
  failedPrecondition,
  grpcError,
  type GrpcRefusal,
  invalidArgument,
  notFound,
  outOfRange,
  permissionDenied,
  refuse,
  Refused,
  RefusedError,
  resourceExhausted,
  type StatusCode,
  unauthenticated,
  unavailable,
} from './refusal.ts';
export {
  createGrpcServer,
  type GrpcServer,
  type GrpcServerOptions,
  type GrpcService,
  type ServerTls,
} from './server/create-grpc-server.ts';
export type { ReflectionOptions } from './server/reflection.ts';
export type { CallObservation } from './server/runtime.ts';
export { serverStream, type StreamHandle } from './server/server-stream.ts';
export { unary, type UnaryHandle } from './server/unary.ts';
export { isUnavailableError } from './unavailable.ts';
