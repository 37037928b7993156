import type { CallOptions, UnaryCallOptions } from '@suanli/grpc-kit';
import type { FastifyRequest } from 'fastify';
import type { HttpDeps } from './http-deps.ts';
import { CALL_ATTEMPTS, COMMAND_DEADLINE_MS, READ_DEADLINE_MS, STREAM_DEADLINE_MS } from './limits.ts';
import { principalOf } from './request-context.ts';

const NEVER = new AbortController().signal;

/** A read on the caller's behalf: ends when the caller leaves, repeated while the service restarts. */
export async function reading(deps: HttpDeps, request: FastifyRequest): Promise<UnaryCallOptions> {
  const { token } = await deps.tokens.tokenFor(principalOf(request));
  const ctx = { correlationId: request.id, signal: request.left };
  return { ctx, token, deadlineMs: READ_DEADLINE_MS, retryUnavailable: { attempts: CALL_ATTEMPTS } };
}

/**
 * A command on the caller's behalf. Carries a request id in its message, so it may be repeated; it goes on when the
 * caller leaves, because its answer is kept for the caller's next try.
 */
export async function commanding(deps: HttpDeps, request: FastifyRequest): Promise<UnaryCallOptions> {
  const { token } = await deps.tokens.tokenFor(principalOf(request));
  const ctx = { correlationId: request.id, signal: NEVER };
  return { ctx, token, deadlineMs: COMMAND_DEADLINE_MS, retryUnavailable: { attempts: CALL_ATTEMPTS } };
}

/** A server stream on the caller's behalf, until `signal` says that nobody listens any more. */
export async function streaming(deps: HttpDeps, request: FastifyRequest, signal: AbortSignal): Promise<CallOptions> {
  const { token } = await deps.tokens.tokenFor(principalOf(request));
  return { ctx: { correlationId: request.id, signal }, token, deadlineMs: STREAM_DEADLINE_MS };
}
