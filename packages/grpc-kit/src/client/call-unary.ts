import type { Client } from '@grpc/grpc-js';
import { invariant, type Clock, type Rng } from '@suanli/kernel';
import type { GrpcCallError } from '../call-error.ts';
import { RETRY_FIRST_MS, RETRY_MAX_MS } from '../limits.ts';
import { clientSpan } from '../trace.ts';
import { abortedError, callError, metadataOf, signalOf } from './call-setup.ts';
import type { MethodShape, UnaryCallOptions } from './client-types.ts';

export type ClientDeps = { channel: Client; defaultDeadlineMs: number; clock: Clock; rng: Rng };

/** One unary call, repeated as `retryUnavailable` allows; the deadline bounds all attempts together. */
export async function callUnary(
  deps: ClientDeps,
  method: MethodShape,
  request: never,
  options: UnaryCallOptions,
): Promise<unknown> {
  const { clock, rng } = deps;
  const deadlineMs = options.deadlineMs ?? deps.defaultDeadlineMs;
  invariant(Number.isFinite(deadlineMs) && deadlineMs > 0, 'a deadline is a positive number of milliseconds');
  const signal = signalOf(options);
  const attempts = options.retryUnavailable?.attempts ?? 1;
  const endMs = clock.monotonicMs() + deadlineMs;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(deps.channel, method, request, options, signal, endMs - clock.monotonicMs());
    if (outcome.kind === 'answered') return outcome.response;
    const pauseMs = backoffMs(attempt, rng);
    const mayRepeat = outcome.error.kind === 'unavailable' && attempt < attempts;
    if (!mayRepeat || clock.monotonicMs() + pauseMs >= endMs) throw outcome.error;
    await clock.sleep(pauseMs, signal);
    if (signal?.aborted) throw abortedError(method.path, signal);
  }
}

type Outcome = { kind: 'answered'; response: unknown } | { kind: 'failed'; error: GrpcCallError };

function attemptOnce(
  channel: Client,
  method: MethodShape,
  request: never,
  options: UnaryCallOptions,
  signal: AbortSignal | undefined,
  leftMs: number,
): Promise<Outcome> {
  if (signal?.aborted) return Promise.resolve({ kind: 'failed', error: abortedError(method.path, signal) });
  return new Promise((resolve) => {
    const metadata = metadataOf(options);
    const span = clientSpan(method.path, metadata);
    const callOptions = { deadline: Date.now() + Math.max(0, leftMs) };
    const { path, requestSerialize, responseDeserialize } = method;
    const call = channel.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      callOptions,
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error) {
          const failure = callError(error, path, signal);
          span.end(failure.status, failure.reason);
          return resolve({ kind: 'failed', error: failure });
        }
        span.end(0);
        resolve({ kind: 'answered', response });
      },
    );
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** Doubles from RETRY_FIRST_MS to RETRY_MAX_MS, of which a random half is kept: crowds do not come back together. */
export function backoffMs(attempt: number, rng: Rng): number {
  const fullMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
  return fullMs / 2 + (rng.next() * fullMs) / 2;
}
