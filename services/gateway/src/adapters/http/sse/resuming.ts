import type { Clock } from '@suanli/kernel';
import { readGrpcError } from '@suanli/grpc-kit';
import { RESUME_LIMIT_MS, RESUME_PAUSE_MS } from '../limits.ts';

/**
 * One stream out of many: when the service behind it goes away or ends it at its deadline, it is opened again from
 * where it was. `open` gets the last item that was passed on. Gives up when nothing came for RESUME_LIMIT_MS.
 */
export async function* resuming<Item>(
  deps: { clock: Clock },
  signal: AbortSignal,
  open: (last: Item | undefined) => AsyncIterable<Item>,
): AsyncGenerator<Item, void, void> {
  let last: Item | undefined;
  let brokenSinceMs: number | undefined;
  while (!signal.aborted) {
    try {
      for await (const item of open(last)) {
        last = item;
        brokenSinceMs = undefined;
        yield item;
      }
      return;
    } catch (error) {
      const { kind } = readGrpcError(error);
      if (signal.aborted) return;
      const nowMs = deps.clock.monotonicMs();
      brokenSinceMs ??= nowMs;
      const mayGoOn = kind === 'unavailable' || kind === 'deadline';
      if (!mayGoOn || nowMs - brokenSinceMs > RESUME_LIMIT_MS) throw error;
      await deps.clock.sleep(RESUME_PAUSE_MS, signal);
    }
  }
}
