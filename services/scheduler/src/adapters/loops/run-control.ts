import { GrpcCallError } from '@suanli/grpc-kit';
import type { Clock, Logger } from '@suanli/kernel';
import { isBusUnavailable } from '@suanli/messaging';
import { createLeadership, isUnavailable } from '@suanli/postgres';
import { runAdmission } from '../../app/admission/run-admission.ts';
import { fenceClusters } from '../../app/agents/fence-clusters.ts';
import { LEADERSHIP, type SchedulerDeps } from '../../app/deps.ts';
import type { Nap } from '../../app/nap.ts';
import { extendFunding } from '../../app/upkeep/extend-funding.ts';
import { obeyStandings } from '../../app/upkeep/obey-standings.ts';
import { runChores } from '../../app/upkeep/run-chores.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

export type ControlOptions = {
  deps: SchedulerDeps;
  cycle: Nap;
  chores: Nap;
  metrics: SchedulerMetrics;
  holder: string;
  /** How long a dead leader blocks the next one. */
  leaseMs: number;
  clock: Clock;
  logger: Logger;
};

type Step = { name: string; nap?: Nap; run: () => Promise<unknown> };

/** Everything that only one replica may do, side by side under one leadership: billing away must not stop a fence. */
export function runControl(options: ControlOptions, signal: AbortSignal): Promise<void> {
  const { deps, metrics } = options;
  const leadership = createLeadership({ ...options, db: deps.db, name: LEADERSHIP });
  return leadership.run(signal, async (epoch, leading) => {
    const steps: Step[] = [
      { name: 'admission', nap: options.cycle, run: () => metrics.cycle(() => runAdmission(deps, epoch)) },
      { name: 'fencing', run: async () => metrics.fenced(await fenceClusters(deps, epoch)) },
      { name: 'standings', run: () => obeyStandings(deps, epoch) },
      { name: 'funding', run: () => extendFunding(deps, epoch) },
      { name: 'chores', nap: options.chores, run: () => runChores(deps) },
    ];
    // The first that fails ends the term, so that the others do not go on without it.
    const failed = new AbortController();
    const together = AbortSignal.any([leading, failed.signal]);
    const loops = steps.map((step) =>
      repeat(options, step, together).catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    );
    const ended = await Promise.allSettled(loops);
    const failure = ended.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  });
}

/** Until the signal aborts: once a tick, sooner when woken. What is away now is tried again at the next tick. */
async function repeat({ deps, clock, logger }: ControlOptions, step: Step, signal: AbortSignal): Promise<void> {
  const { tickMs, minTickMs } = deps.policy;
  while (!signal.aborted) {
    try {
      await step.run();
    } catch (error) {
      if (!isAway(error)) throw error;
      logger.warn({ step: step.name, error: String(error) }, 'something it needs is away, will try again');
      await clock.sleep(tickMs, signal);
    }
    if (step.nap === undefined) await clock.sleep(tickMs, signal);
    else {
      await step.nap.sleep(tickMs, signal);
      await clock.sleep(minTickMs, signal);
    }
  }
}

function isAway(error: unknown): boolean {
  return isUnavailable(error) || isBusUnavailable(error) || error instanceof GrpcCallError;
}
