import type { Clock } from '@suanli/kernel';
import type { HttpApp } from './create-http-app.ts';
import { DRAIN_LIMIT_MS } from './limits.ts';

const SWEEP_MS = 50;

/** Takes no new requests, lets those under way finish, closes each connection as it falls idle, cuts the rest at the limit. */
export async function closeGently(app: HttpApp, clock: Clock): Promise<void> {
  const closed = new AbortController();
  const closing = app.close().then(() => closed.abort());
  const limitMs = clock.monotonicMs() + DRAIN_LIMIT_MS;
  while (!closed.signal.aborted && clock.monotonicMs() < limitMs) {
    app.server.closeIdleConnections();
    await clock.sleep(SWEEP_MS, closed.signal);
  }
  app.server.closeAllConnections();
  await closing;
}
