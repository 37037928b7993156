import { readBacklog } from '@suanli/messaging';
import type { Database } from '@suanli/postgres';
import type { Metrics } from '@suanli/service-kit';
import type { runAdmission } from '../../app/admission/run-admission.ts';

type CycleOutcome = Awaited<ReturnType<typeof runAdmission>>;

export type SchedulerMetrics = {
  /** Runs one cycle and measures it. */
  cycle(run: () => Promise<CycleOutcome>): Promise<CycleOutcome>;
  fenced(attempts: number): void;
};

export function schedulerMetrics(metrics: Metrics, db: Database): SchedulerMetrics {
  const cycles = metrics.histogram('suanli_scheduler_cycle_seconds', 'One admission cycle, from snapshot to bind');
  const bound = metrics.counter('suanli_scheduler_bound_total', 'Attempts that got capacity and money');
  const fenced = metrics.counter('suanli_scheduler_fenced_total', 'Attempts ended because their cluster was lost');
  const pending = metrics.gauge('suanli_scheduler_pending', 'Workloads that wait, by reason', ['reason']);
  metrics.gaugeOf(
    'suanli_scheduler_outbox_unsent',
    'Facts not published yet',
    async () => (await readBacklog(db)).unsent,
  );
  metrics.gaugeOf(
    'suanli_scheduler_dead_letters',
    'Events that need a person',
    async () => (await readBacklog(db)).dead,
  );
  return {
    async cycle(run) {
      const stop = cycles.startTimer();
      const outcome = await run();
      stop();
      bound.inc(outcome.bound);
      pending.reset();
      for (const { reason } of outcome.result.waiting) pending.inc({ reason: reason.code });
      return outcome;
    },
    fenced: (attempts) => fenced.inc(attempts),
  };
}
