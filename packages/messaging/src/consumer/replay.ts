import type { Clock, Logger } from '@suanli/kernel';
import { inbox } from '@suanli/postgres';
import { and, asc, eq } from 'drizzle-orm';
import { decodeEvent } from '../cloud-event.ts';
import { bury, type GuardOptions, guarded, type Outcome } from './inbox-guard.ts';

const POLL_MS = 2_000;
const BATCH = 20;

/** Tries again the dead letters that an operator asked for, from their rows: the stream may have forgotten them. */
export async function replayOnRequest(
  deps: { guard: GuardOptions; clock: Clock; logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { guard, clock, logger } = deps;
  while (!signal.aborted) {
    try {
      for (const row of await findAsked(guard)) {
        if (signal.aborted) return;
        const outcome = await replay(guard, row);
        logger.info({ eventId: row.eventId, outcome: outcome.kind }, 'dead letter replayed');
      }
    } catch (error) {
      logger.warn({ error: String(error) }, 'replay interrupted, will try again');
    }
    await clock.sleep(POLL_MS, signal);
  }
}

type AskedRow = typeof inbox.$inferSelect;

function findAsked(guard: GuardOptions): Promise<AskedRow[]> {
  return guard.db
    .select()
    .from(inbox)
    .where(and(eq(inbox.consumer, guard.consumer), eq(inbox.state, 'replay')))
    .orderBy(asc(inbox.updatedAt))
    .limit(BATCH);
}

async function replay(guard: GuardOptions, row: AskedRow): Promise<Outcome> {
  const headers = row.headers ?? {};
  const decoded = decodeEvent({ id: row.eventId, subject: row.subject, headers, data: row.payload });
  if (decoded.kind === 'event') return guarded(guard, { event: decoded.event, headers });
  return bury(guard, { id: row.eventId, subject: row.subject, headers, payload: row.payload, reason: decoded.reason });
}
