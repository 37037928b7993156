import { invariant } from '@suanli/kernel';
import { clientSpan } from '../trace.ts';
import { abortedError, callError, metadataOf, signalOf } from './call-setup.ts';
import type { ClientDeps } from './call-unary.ts';
import type { CallOptions, MethodShape } from './client-types.ts';

/**
 * One server stream. The call starts when iteration does, is read only as fast as the caller iterates, and is cancelled
 * when the caller stops early.
 */
export async function* callStream(
  deps: ClientDeps,
  method: MethodShape,
  request: never,
  options: CallOptions,
): AsyncGenerator<unknown, void, void> {
  const deadlineMs = options.deadlineMs ?? deps.defaultDeadlineMs;
  invariant(Number.isFinite(deadlineMs) && deadlineMs > 0, 'a deadline is a positive number of milliseconds');
  const signal = signalOf(options);
  if (signal?.aborted) throw abortedError(method.path, signal);

  const metadata = metadataOf(options);
  const span = clientSpan(method.path, metadata);
  const { path, requestSerialize, responseDeserialize } = method;
  const call = deps.channel.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, {
    deadline: Date.now() + deadlineMs,
  });
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  let late: unknown;
  // After an early stop the status still arrives as an 'error' event; unheard, it would end the process.
  call.on('error', (error) => {
    late = error;
  });
  let code = 0;
  try {
    yield* call;
  } catch (error) {
    const failure = callError(late ?? error, path, signal);
    code = failure.status;
    throw failure;
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
    span.end(code);
  }
}
