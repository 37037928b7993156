import type { Clock, Logger } from '@suanli/kernel';
import { enforce, type Lease, reconcile } from '../domain/reconcile.ts';
import type { Uplink } from './ports.ts';
import type { TaskRunner } from './task-runner.ts';

/** Used until the scheduler has said otherwise. */
const FIRST_SYNC_INTERVAL_MS = 500;
/** How often lease, money and time are checked, connected or not. */
const ENFORCE_INTERVAL_MS = 100;
/** After a change, this long for others to join before they are told together. */
const COALESCE_MS = 20;

export type SyncDeps = { uplink: Uplink; runner: TaskRunner; clock: Clock; logger: Logger };

/** The agent's conversation with the scheduler, and the watch over its own lease. */
export type SyncLoop = {
  /** Tells and asks, again and again. */
  sync(signal: AbortSignal): Promise<void>;
  /** Ends what has lost its lease, its money or its time. */
  watch(signal: AbortSignal): Promise<void>;
  /** Shortens the wait before the next sync. */
  wake(): void;
  /** When the last answer came, for readiness; undefined before the first. */
  lastAnswerMonoMs(): number | undefined;
};

export function createSyncLoop({ uplink, runner, clock, logger }: SyncDeps): SyncLoop {
  let lease: Lease = { renewedMonoMs: undefined, leaseMs: 0, marginMs: 0 };
  let waking = new AbortController();
  let isCut = false;

  const syncOnce = async (sequence: bigint, signal: AbortSignal): Promise<number> => {
    // The lease counts from the sending: the scheduler cannot have renewed it earlier than that.
    const sentMonoMs = clock.monotonicMs();
    const answer = await uplink.sync(sequence, runner.reports(), signal);
    lease = { renewedMonoMs: sentMonoMs, leaseMs: answer.leaseMs, marginMs: answer.marginMs };
    runner.apply(reconcile(runner.local(), answer.tasks), answer.logOffsets);
    return answer.syncIntervalMs;
  };

  return {
    async sync(signal) {
      let intervalMs = FIRST_SYNC_INTERVAL_MS;
      for (let sequence = 1n; !signal.aborted; sequence++) {
        waking = new AbortController();
        try {
          intervalMs = await syncOnce(sequence, signal);
          if (isCut) logger.info({}, 'the line to the scheduler is back');
          isCut = false;
        } catch (error) {
          if (!isCut && !signal.aborted) logger.warn({ error }, 'the scheduler does not answer');
          isCut = true;
        }
        await clock.sleep(intervalMs, AbortSignal.any([signal, waking.signal]));
        if (waking.signal.aborted) await clock.sleep(COALESCE_MS, signal);
      }
    },
    async watch(signal) {
      while (!signal.aborted) {
        const tasks = runner.local().values();
        runner.apply(enforce(tasks, lease, { monoMs: clock.monotonicMs(), wall: clock.now() }), new Map());
        await clock.sleep(ENFORCE_INTERVAL_MS, signal);
      }
    },
    wake: () => waking.abort(),
    lastAnswerMonoMs: () => lease.renewedMonoMs,
  };
}
