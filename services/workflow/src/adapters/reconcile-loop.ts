import type { Clock } from '@suanli/kernel';
import { createLeadership, type Database } from '@suanli/postgres';
import type { Deps } from '../app/ports.ts';
import { reconcile } from '../app/steps/reconcile.ts';
import type { WorkflowMetrics } from './workflow-metrics.ts';

export type ReconcileLoopOptions = {
  deps: Deps;
  db: Database;
  holder: string;
  pauseMs: number;
  clock: Clock;
  metrics: WorkflowMetrics;
};

/**
 * Looks again and again, on one replica at a time. Leadership only spares the others the work: every change that the
 * reconciler makes stands under the locks and conditions of its own rows, so that two of them do no harm.
 */
export function reconcileLoop({ deps, db, holder, pauseMs, clock, metrics }: ReconcileLoopOptions) {
  const leadership = createLeadership({ db, name: 'reconciler', holder, clock, logger: deps.logger });
  return (signal: AbortSignal): Promise<void> =>
    leadership.run(signal, async (_epoch, leading) => {
      while (!leading.aborted) {
        metrics.reconciled(await reconcile(deps, leading));
        await clock.sleep(pauseMs, leading);
      }
    });
}
