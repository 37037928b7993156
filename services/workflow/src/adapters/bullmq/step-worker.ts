import type { Clock, Logger } from '@suanli/kernel';
import { isUnavailable } from '@suanli/postgres';
import { Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { PREFIX, QUEUE, type WakeUp } from './dispatcher.ts';

export type StepWorkerOptions = {
  redisUrl: string;
  concurrency: number;
  clock: Clock;
  logger: Logger;
  /** Works on a step; whatever it throws, the step's lease runs out and the step is seen again. */
  work: (stepId: string, stopping: AbortSignal) => Promise<void>;
};

export type StepWorker = AsyncDisposable & { start(): void };

/** BullMQ takes a silent job for stalled after these; that only wakes the step again, which finds itself claimed. */
const LOCK_MS = 30_000;
const STALLED_CHECK_MS = 30_000;
const MAX_STALLS = 1_000;
const STOP_LIMIT_MS = 8_000;

/** Takes wake-ups and has steps worked on. Stopping aborts the effects under way; their steps are given back. */
export function createStepWorker(options: StepWorkerOptions): StepWorker {
  const { clock, logger, work } = options;
  const stopping = new AbortController();
  const worker = new Worker<WakeUp>(
    QUEUE,
    async ({ data }) => {
      try {
        await work(data.stepId, stopping.signal);
      } catch (error) {
        const about = { err: error, stepId: data.stepId };
        if (isUnavailable(error)) logger.warn(about, 'postgres is away, the step will be taken back');
        else logger.error(about, 'a step could not be worked on');
      }
    },
    {
      autorun: false,
      prefix: PREFIX,
      connection: { url: options.redisUrl, maxRetriesPerRequest: null },
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLS,
      telemetry: new BullMQOtel({ tracerName: 'workflow' }),
    },
  );
  worker.on('error', (error) => logger.debug({ error: error.message }, 'redis is away, or has lost a wake-up'));
  return {
    start() {
      worker.run().catch((error: unknown) => logger.error({ err: error }, 'the worker ended'));
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const closed = new AbortController();
      const limit = clock.sleep(STOP_LIMIT_MS, closed.signal);
      await Promise.race([worker.close().catch(() => undefined), limit]);
      closed.abort();
    },
  };
}
