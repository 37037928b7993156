import { type Database, inbox, isUnavailable, type Tx, withTransaction } from '@suanli/postgres';
import { inArray, type SQL, sql } from 'drizzle-orm';
import type { BusHeaders } from '../bus.ts';
import type { IncomingEvent } from '../cloud-event.ts';

/** What the broker must do with an event. */
export type Verdict =
  | { kind: 'done' }
  /** Not yet, and no failure: something it depends on has not arrived. Bounded by `maxRetryMs` from first sight. */
  | { kind: 'retry'; afterMs: number }
  /** Never: a person must look at it. */
  | { kind: 'dead'; reason: string };

/** Runs inside the inbox transaction: nothing but SQL. What it wrote is rolled back unless it says done. */
export type EventHandler = (tx: Tx, event: IncomingEvent) => Promise<Verdict>;

export type GuardOptions = {
  db: Database;
  /** Name of the consumer in the inbox. */
  consumer: string;
  maxLogicalFailures: number;
  maxRetryMs: number;
  handle: EventHandler;
};

/** An event with what a dead letter keeps of it. */
export type Guarded = { event: IncomingEvent; headers: BusHeaders };

export type Outcome =
  | { kind: 'done' }
  | { kind: 'duplicate' }
  | { kind: 'retry'; afterMs: number }
  | { kind: 'failed'; failures: number; error: string }
  | { kind: 'dead'; reason: string }
  /** The database is away: nothing is counted. */
  | { kind: 'unavailable'; error: string };

/** Thrown to roll back the effects of a handler that did not say done. */
class NotDone extends Error {
  readonly verdict: Exclude<Verdict, { kind: 'done' }>;
  constructor(verdict: Exclude<Verdict, { kind: 'done' }>) {
    super(verdict.kind);
    this.verdict = verdict;
  }
}

/**
 * Handles an event exactly once: its inbox row is written in the transaction of the effect, and a concurrent second
 * delivery waits for that row. Never throws for what a handler does.
 */
export async function guarded(options: GuardOptions, item: Guarded): Promise<Outcome> {
  try {
    return await withTransaction(options.db, async (tx) => {
      if (!(await claim(tx, options.consumer, item))) return { kind: 'duplicate' };
      const verdict = await options.handle(tx, item.event);
      if (verdict.kind !== 'done') throw new NotDone(verdict);
      return { kind: 'done' };
    });
  } catch (error) {
    return settle(options, item, error);
  }
}

/** Records a message that no handler can take. */
export async function bury(
  options: GuardOptions,
  dead: { id: string; subject: string; headers: BusHeaders; payload: unknown; reason: string },
): Promise<Outcome> {
  try {
    await options.db
      .insert(inbox)
      .values({
        consumer: options.consumer,
        eventId: dead.id,
        state: 'dead',
        error: dead.reason,
        subject: dead.subject,
        payload: dead.payload,
        headers: dead.headers,
      })
      .onConflictDoUpdate({
        target: [inbox.consumer, inbox.eventId],
        set: { state: 'dead', error: dead.reason, updatedAt: sql`clock_timestamp()` },
        setWhere: inArray(inbox.state, ['failing', 'replay']),
      });
    return { kind: 'dead', reason: dead.reason };
  } catch (error) {
    if (isUnavailable(error)) return { kind: 'unavailable', error: String(error) };
    throw error;
  }
}

async function claim(tx: Tx, consumer: string, { event }: Guarded): Promise<boolean> {
  const claimed = await tx
    .insert(inbox)
    .values({ consumer, eventId: event.id, state: 'done', subject: event.subject })
    .onConflictDoUpdate({
      target: [inbox.consumer, inbox.eventId],
      set: { state: 'done', error: null, payload: null, headers: null, updatedAt: sql`clock_timestamp()` },
      setWhere: inArray(inbox.state, ['failing', 'replay']),
    })
    .returning({ eventId: inbox.eventId });
  return claimed.length === 1;
}

async function settle(options: GuardOptions, item: Guarded, error: unknown): Promise<Outcome> {
  if (isUnavailable(error)) return { kind: 'unavailable', error: String(error) };
  try {
    if (!(error instanceof NotDone)) return await recordFailure(options, item, error);
    if (error.verdict.kind === 'dead') return await recordDeath(options, item, error.verdict.reason);
    return await recordRetry(options, item, error.verdict.afterMs);
  } catch (second) {
    if (isUnavailable(second)) return { kind: 'unavailable', error: String(second) };
    throw second;
  }
}

async function recordFailure(options: GuardOptions, item: Guarded, error: unknown): Promise<Outcome> {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const max = options.maxLogicalFailures;
  const row = await record(options, item, {
    first: { state: max <= 1 ? 'dead' : 'failing', attempts: 1, error: message },
    again: {
      attempts: sql`${inbox.attempts} + 1`,
      // A replay is one more try on request: nobody would try it again by itself.
      state: sql`case when ${inbox.attempts} + 1 >= ${max} or ${inbox.state} = 'replay' then 'dead' else 'failing' end`,
    },
  });
  if (row === undefined) return { kind: 'duplicate' };
  if (row.state === 'dead') return { kind: 'dead', reason: message };
  return { kind: 'failed', failures: row.attempts, error: message };
}

async function recordDeath(options: GuardOptions, item: Guarded, reason: string): Promise<Outcome> {
  const row = await record(options, item, {
    first: { state: 'dead', attempts: 0, error: reason },
    again: { state: 'dead' },
  });
  return row === undefined ? { kind: 'duplicate' } : { kind: 'dead', reason };
}

async function recordRetry(options: GuardOptions, item: Guarded, afterMs: number): Promise<Outcome> {
  const reason = `still not ready after ${options.maxRetryMs} ms`;
  const isLate = sql`${inbox.firstSeenAt} < clock_timestamp() - ${options.maxRetryMs}::double precision * interval '1 millisecond'`;
  const row = await record(options, item, {
    first: { state: 'failing', attempts: 0, error: 'not ready yet' },
    again: {
      state: sql`case when ${isLate} then 'dead' else ${inbox.state} end`,
      error: sql`case when ${isLate} then ${reason} else 'not ready yet' end`,
    },
  });
  if (row === undefined) return { kind: 'duplicate' };
  return row.state === 'dead' ? { kind: 'dead', reason } : { kind: 'retry', afterMs };
}

type Change = {
  first: { state: 'failing' | 'dead'; attempts: number; error: string };
  again: { state?: SQL | 'dead'; attempts?: SQL; error?: SQL };
};

/** One statement, hence one transaction of its own. Undefined when another delivery has finished the event meanwhile. */
async function record(options: GuardOptions, { event, headers }: Guarded, change: Change) {
  const kept = { payload: event.data, headers };
  const rows = await options.db
    .insert(inbox)
    .values({ consumer: options.consumer, eventId: event.id, subject: event.subject, ...kept, ...change.first })
    .onConflictDoUpdate({
      target: [inbox.consumer, inbox.eventId],
      set: { ...kept, error: change.first.error, updatedAt: sql`clock_timestamp()`, ...change.again },
      setWhere: inArray(inbox.state, ['failing', 'replay']),
    })
    .returning({ state: inbox.state, attempts: inbox.attempts });
  return rows[0];
}
