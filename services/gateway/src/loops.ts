import type { Clock } from '@suanli/kernel';
import type { OutboxRelay } from '@suanli/messaging';
import type { Loops } from '@suanli/service-kit';
import { ANSWER_KEPT_MS, type IdempotencyDeps } from './app/idempotency/idempotency.ts';
import type { UseRecorder } from './app/keys/use-recorder.ts';
import type { SigningKeys } from './app/tokens/signing-keys.ts';

const KEY_RELOAD_MS = 60_000;
const PURGE_EVERY_MS = 600_000;
const PURGE_BATCH = 1_000;

export type LoopDeps = {
  loops: Loops;
  relay: OutboxRelay;
  uses: UseRecorder;
  signingKeys: SigningKeys;
  idempotency: IdempotencyDeps;
  clock: Clock;
};

/** What goes on in the background. Only the relay must be single, and sees to that itself; the others may run anywhere. */
export function gatewayLoops({ loops, relay, uses, signingKeys, idempotency, clock }: LoopDeps): void {
  loops.run('outbox relay', (signal) => relay.run(signal));
  loops.run('last use of keys', (signal) => uses.run(signal));
  loops.run('signing keys', async (signal) => {
    while (!signal.aborted) {
      await clock.sleep(KEY_RELOAD_MS, signal);
      if (!signal.aborted) await signingKeys.reload();
    }
  });
  loops.run('old answers', async (signal) => {
    while (!signal.aborted) {
      while ((await idempotency.store.purge(clock.now() - ANSWER_KEPT_MS, PURGE_BATCH)) === PURGE_BATCH);
      await clock.sleep(PURGE_EVERY_MS, signal);
    }
  });
}
