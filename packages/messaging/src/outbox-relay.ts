import type { Clock, Logger } from '@suanli/kernel';
import {
  createLeadership,
  type Database,
  DEFAULT_RETENTION,
  outbox,
  purgeExpired,
  type Retention,
} from '@suanli/postgres';
import { asc, isNull, sql } from 'drizzle-orm';
import type { Bus, StreamConfig } from './bus.ts';
import { encodeHeaders } from './cloud-event.ts';

export type OutboxRelayOptions = {
  db: Database;
  bus: Bus;
  /** The service's own stream; the relay keeps it in this configuration. */
  stream: StreamConfig;
  /** This replica's name. */
  holder: string;
  leaseMs?: number;
  /** How soon a fact is seen when nobody calls `wake`. */
  pollMs?: number;
  /** Facts published at once. */
  batchSize?: number;
  retention?: Retention;
  clock: Clock;
  logger: Logger;
};

export interface OutboxRelay {
  /** Publishes until `signal` aborts; of all replicas one does at a time. */
  run(signal: AbortSignal): Promise<void>;
  /** Call after a commit: shortens the wait when this replica leads. */
  wake(): void;
}

const LEADERSHIP = 'outbox-relay';
const DEFAULT_POLL_MS = 200;
const DEFAULT_BATCH_SIZE = 200;
const BACKOFF_BASE_MS = 100;
const BACKOFF_CAP_MS = 5_000;
const PURGE_EVERY_MS = 600_000;

/**
 * Publishes what the outbox holds, at least once. Reads unsent rows, never past a mark: identities and sequences commit
 * out of order, so a mark would skip the row of a slow transaction.
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { db, clock } = options;
  const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
  const nap = createNap(clock);
  const leadership = createLeadership({
    db,
    name: LEADERSHIP,
    holder: options.holder,
    ...(options.leaseMs !== undefined && { leaseMs: options.leaseMs }),
    clock,
    logger: options.logger,
  });
  return {
    wake: nap.wake,
    run: (signal) =>
      leadership.run(signal, async (epoch, leading) => {
        await untilStream(options, leading);
        let failures = 0;
        let purgeAtMs = clock.monotonicMs();
        while (!leading.aborted) {
          const batch = await relayBatch(options, epoch, batchSize);
          // One fact that nobody takes must not hold up the others: only a batch of which nothing went out waits longer.
          failures = batch.failed > 0 && batch.sent === 0 ? failures + 1 : 0;
          if (failures > 0) {
            await clock.sleep(backoffMs(failures), leading);
            await untilStream(options, leading);
          } else if (batch.sent < batchSize) {
            if (clock.monotonicMs() >= purgeAtMs) {
              purgeAtMs = clock.monotonicMs() + PURGE_EVERY_MS;
              await purgeExpired(db, options.retention ?? DEFAULT_RETENTION);
            }
            await nap.sleep(options.pollMs ?? DEFAULT_POLL_MS, leading);
          }
        }
      }),
  };
}

/** Publishes one batch, then marks what the stream has stored. A crash in between publishes it again: same `ce-id`. */
async function relayBatch(
  options: OutboxRelayOptions,
  epoch: bigint,
  batchSize: number,
): Promise<{ sent: number; failed: number }> {
  const { db, bus, stream, logger } = options;
  const rows = await db
    .select()
    .from(outbox)
    .where(isNull(outbox.sentAt))
    .orderBy(asc(outbox.position))
    .limit(batchSize);
  if (rows.length === 0) return { sent: 0, failed: 0 };
  const results = await Promise.allSettled(
    rows.map((row) =>
      bus.publish(
        row.subject,
        new TextEncoder().encode(JSON.stringify(row.payload)),
        encodeHeaders({ ...row, occurredAt: row.occurredAt.getTime() }, stream.name),
        { msgId: row.id },
      ),
    ),
  );
  const sentIds = rows.filter((_, i) => results[i]?.status === 'fulfilled').map((row) => row.id);
  if (sentIds.length > 0) await markSent(db, sentIds, epoch);
  const firstFailure = results.find((result) => result.status === 'rejected');
  if (firstFailure !== undefined) {
    const failed = rows.length - sentIds.length;
    logger.warn(
      { failed, sent: sentIds.length, error: String(firstFailure.reason) },
      'facts not published, will try again',
    );
    return { sent: sentIds.length, failed };
  }
  return { sent: sentIds.length, failed: 0 };
}

async function markSent(db: Database, ids: string[], epoch: bigint): Promise<void> {
  await db.execute(sql`
    update outbox set sent_at = clock_timestamp()
    where id = any(${sql.param(ids)}::text[])
      and exists (select 1 from leadership where name = ${LEADERSHIP} and epoch = ${epoch})`);
}

async function untilStream(options: OutboxRelayOptions, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await options.bus.ensureStream(options.stream);
    } catch (error) {
      options.logger.warn({ stream: options.stream.name, error: String(error) }, 'stream not ready');
      await options.clock.sleep(backoffMs(attempt), signal);
    }
  }
}

function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 10));
}

/** A sleep that `wake` ends, also when it is called just before. */
function createNap(clock: Clock) {
  let isWoken = false;
  let current: AbortController | undefined;
  return {
    wake: () => {
      isWoken = true;
      current?.abort();
    },
    async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
      const nap = new AbortController();
      const stop = () => nap.abort();
      signal.addEventListener('abort', stop, { once: true });
      current = nap;
      if (!isWoken && !signal.aborted) await clock.sleep(delayMs, nap.signal);
      isWoken = false;
      signal.removeEventListener('abort', stop);
    },
  };
}
