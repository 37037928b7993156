import type { Clock, Logger } from '@suanli/kernel';
import type { Database } from './database.ts';
import { isUnavailable } from './errors.ts';
import { acquireLease, LostLeadership, releaseLease, renewLease } from './lease.ts';

export type LeadershipOptions = {
  db: Database;
  /** What there may be only one of: `outbox-relay`, `cycle`. */
  name: string;
  /** This replica. Two replicas never share it. */
  holder: string;
  leaseMs?: number;
  clock: Clock;
  logger: Logger;
};

export type LeaderWork = (epoch: bigint, signal: AbortSignal) => Promise<void>;

export interface Leadership {
  /**
   * Waits for the lease, runs `work` under it, and waits again when it is lost; returns when `signal` aborts or when
   * `work` returns by itself. `work` gets a signal that aborts before another can lead; what it writes also calls
   * `assertLeader`, because a signal may come too late. What `work` throws is thrown on, except a lost leadership and
   * an unreachable database, after which it tries again.
   */
  run(signal: AbortSignal, work: LeaderWork): Promise<void>;
}

const DEFAULT_LEASE_MS = 10_000;
const RENEWALS_PER_LEASE = 3;
/** The holder stops this part of the lease early: covers two clocks that run at unequal speed. */
const SAFETY_FRACTION = 0.1;

export function createLeadership(options: LeadershipOptions): Leadership {
  const { name, clock, logger } = options;
  const leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
  const term = { ...options, leaseMs };
  return {
    async run(signal, work) {
      while (!signal.aborted) {
        try {
          if ((await leadOnce(term, signal, work)) === 'finished') return;
        } catch (error) {
          if (signal.aborted && error === signal.reason) return; // The work was told to stop, and says so by throwing.
          if (!(error instanceof LostLeadership) && !isUnavailable(error)) throw error;
          logger.warn({ name, error: String(error) }, 'leadership interrupted');
        }
        await clock.sleep(leaseMs / RENEWALS_PER_LEASE, signal);
      }
    },
  };
}

type Term = LeadershipOptions & { leaseMs: number };

async function leadOnce(
  term: Term,
  signal: AbortSignal,
  work: LeaderWork,
): Promise<'not leader' | 'lost' | 'finished'> {
  const { db, name, holder, leaseMs, clock, logger } = term;
  const askedAtMs = clock.monotonicMs();
  const epoch = await acquireLease(db, { name, holder, leaseMs });
  if (epoch === undefined) return 'not leader';
  logger.info({ name, holder, epoch: epoch.toString() }, 'leadership taken');
  const over = new AbortController();
  const keeping = keepLease(term, epoch, askedAtMs, over);
  try {
    await work(epoch, AbortSignal.any([signal, over.signal]));
    return over.signal.aborted && !signal.aborted ? 'lost' : 'finished';
  } finally {
    over.abort(new LostLeadership(`the term of ${name} is over`));
    await keeping;
    await releaseLease(db, name, epoch).catch((error) =>
      logger.warn({ name, error: String(error) }, 'leadership not released, it will run out'),
    );
  }
}

/** Renews until `over` aborts, and aborts it when the lease may have run out or another has it. */
async function keepLease(term: Term, epoch: bigint, askedAtMs: number, over: AbortController): Promise<void> {
  const { db, name, leaseMs, clock, logger } = term;
  const usableMs = leaseMs * (1 - SAFETY_FRACTION);
  let validUntilMs = askedAtMs + usableMs;
  const watch = async () => {
    while (!over.signal.aborted) {
      const leftMs = validUntilMs - clock.monotonicMs();
      if (leftMs <= 0) over.abort(new LostLeadership(`lease of ${name} not renewed in time`));
      else await clock.sleep(leftMs, over.signal);
    }
  };
  const renew = async () => {
    while (!over.signal.aborted) {
      await clock.sleep(leaseMs / RENEWALS_PER_LEASE, over.signal);
      if (over.signal.aborted) return;
      const sentAtMs = clock.monotonicMs();
      try {
        if (await renewLease(db, { name, epoch, leaseMs })) validUntilMs = sentAtMs + usableMs;
        else over.abort(new LostLeadership(`another replica leads ${name}`));
      } catch (error) {
        logger.warn({ name, error: String(error) }, 'leadership renewal failed');
      }
    }
  };
  await Promise.all([watch(), renew()]);
}
