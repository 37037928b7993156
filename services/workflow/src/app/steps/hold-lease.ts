import type { Step } from '../../domain/run/step.ts';
import type { Deps } from '../ports.ts';

/** A claim that is kept: `signal` aborts when another has the step, or when this process stops. */
export type Lease = AsyncDisposable & { signal: AbortSignal; isLost(): boolean };

const HEARTBEATS_PER_LEASE = 3;

/** Prolongs the lease of a claimed step until disposed. A store that is away is asked again; the lease may run out. */
export function holdLease(deps: Deps, step: Step, stopping: AbortSignal): Lease {
  const lost = new AbortController();
  const done = new AbortController();
  const beat = async () => {
    while (!done.signal.aborted && !lost.signal.aborted) {
      await deps.clock.sleep(deps.leaseMs / HEARTBEATS_PER_LEASE, done.signal);
      if (done.signal.aborted) return;
      try {
        const isHeld = await deps.transact(({ steps }) => steps.heartbeat(step.id, step.fence, deps.leaseMs));
        if (!isHeld) lost.abort();
      } catch (error) {
        deps.logger.warn({ stepId: step.id, error: String(error) }, 'lease not prolonged');
      }
    }
  };
  const beating = beat();
  return {
    signal: AbortSignal.any([stopping, lost.signal]),
    isLost: () => lost.signal.aborted,
    async [Symbol.asyncDispose]() {
      done.abort();
      await beating;
    },
  };
}
