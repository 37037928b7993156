import type { Clock, Logger } from '@suanli/kernel';
import { Queue } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { Redis } from 'ioredis';
import type { Dispatcher } from '../../app/ports.ts';

export const QUEUE = 'workflow-steps';
export const PREFIX = 'suanli';

/** What is in the queue: a hint that a step is ready. The truth is in PostgreSQL. */
export type WakeUp = { stepId: string; dispatchSeq: number };

export type DispatcherOptions = { redisUrl: string; clock: Clock; logger: Logger };

/** Redis that does not answer by then is given up on: the reconciler asks again. */
const WAKE_LIMIT_MS = 1_000;

/**
 * Wakes workers through BullMQ. A job is tried once and leaves nothing behind: tries, time-outs and results belong to the
 * store. Ids hold the dispatch number, because BullMQ drops a job whose id it still knows.
 */
export function createDispatcher({ redisUrl, clock, logger }: DispatcherOptions): Dispatcher & AsyncDisposable {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue<WakeUp>(QUEUE, {
    prefix: PREFIX,
    connection: redis,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    telemetry: new BullMQOtel({ tracerName: 'workflow' }),
  });
  redis.on('error', (error) => logger.debug({ error: error.message }, 'redis is away'));
  queue.on('error', (error) => logger.debug({ error: error.message }, 'redis is away'));
  return {
    async wake(steps) {
      if (steps.length === 0) return;
      // Nothing is left to wait in memory for a Redis that is away.
      if (redis.status !== 'ready')
        return logger.debug({ steps: steps.length }, 'redis is away, the reconciler repeats');
      const jobs = steps.map((data) => ({ name: 'wake', data, opts: { jobId: `${data.stepId}-${data.dispatchSeq}` } }));
      const answered = new AbortController();
      const late = clock.sleep(WAKE_LIMIT_MS, answered.signal).then(() => 'late' as const);
      const outcome = await Promise.race([queue.addBulk(jobs).then(done, failed), late]);
      answered.abort();
      if (outcome !== 'done')
        logger.warn({ steps: steps.length, outcome }, 'wake-ups lost, the reconciler repeats them');
    },
    async [Symbol.asyncDispose]() {
      await queue.close().catch((error: unknown) => logger.debug({ error: String(error) }, 'queue not closed'));
      redis.disconnect();
    },
  };
}

const done = () => 'done' as const;
const failed = (error: unknown) => String(error);
