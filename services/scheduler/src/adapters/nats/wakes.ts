import type { Clock } from '@suanli/kernel';
import type { Bus } from '@suanli/messaging';
import { agentSubjects, EVENTS } from '@suanli/proto/subjects';
import type { WaitForChange, Wakes } from '../../app/ports.ts';
import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { createNap, type Nap } from '../../app/nap.ts';

export type WakeBoard = {
  wakes: Wakes;
  waitForChange: WaitForChange;
  /** Ended by every commit that may let something start. */
  cycle: Nap;
  chores: Nap;
  /** Follows what other replicas commit. */
  follow(bus: Bus): AsyncDisposable;
};

/** A watcher looks again at least so often: another replica's wake may be lost. */
const WATCH_POLL_MS = 1_000;

/**
 * Who sleeps and who wakes them. A commit of this replica wakes at once; one of another replica when the relay has
 * published its event, which every replica hears.
 */
export function createWakeBoard(deps: { clock: Clock; bus: Bus; wakeRelay: () => void }): WakeBoard {
  const cycle = createNap(deps.clock);
  const chores = createNap(deps.clock);
  const watchers = new Map<string, Set<AbortController>>();
  const wakeWatchers = (workloadId: string) => {
    for (const watcher of watchers.get(workloadId) ?? []) watcher.abort();
  };
  const wakes: Wakes = {
    committed() {
      deps.wakeRelay();
      cycle.wake();
      chores.wake();
    },
    agent: (clusterId) => deps.bus.broadcast(agentSubjects(clusterId).wake, new Uint8Array()),
    logs: wakeWatchers,
  };

  async function waitForChange(workloadId: string, signal: AbortSignal): Promise<void> {
    const watcher = new AbortController();
    const others = watchers.get(workloadId) ?? new Set();
    watchers.set(workloadId, others.add(watcher));
    try {
      await deps.clock.sleep(WATCH_POLL_MS, AbortSignal.any([signal, watcher.signal]));
    } finally {
      others.delete(watcher);
      if (others.size === 0) watchers.delete(workloadId);
    }
  }

  return {
    ...{ wakes, waitForChange, cycle, chores },
    follow: (bus) =>
      bus.listen(EVENTS.workloadChanged.subject, ({ data }) => {
        const change = WorkloadChanged.fromJSON(JSON.parse(new TextDecoder().decode(data)));
        wakeWatchers(change.workloadId);
        cycle.wake();
        chores.wake();
      }),
  };
}
