import { join } from 'node:path';
import { type Instant, systemClock } from '@suanli/kernel';
import {
  type Bus,
  type ConsumerOptions,
  createConsumer,
  createOutboxRelay,
  type EventHandler,
  type StreamConfig,
} from '@suanli/messaging';
import { appendOutbox, type Database, type OutboxEvent, type Tx, withTransaction } from '@suanli/postgres';
import { silentLogger, type TestBus, testBus, type TestDatabase, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';

const migrationsFolder = join(import.meta.dirname, '../../postgres/test/migrations');

export const STREAM: StreamConfig = {
  name: 'billing',
  subjects: ['suanli.billing.>'],
  maxAgeMs: 3_600_000,
  discard: 'new',
};
export const SUBJECT = 'suanli.billing.hold.placed.v1';

/** One database and one bus, and what the tests do with them again and again. */
export type Rig = AsyncDisposable & {
  database: TestDatabase;
  db: Database;
  bus: TestBus;
  append(...ids: string[]): Promise<void>;
  /** Runs something until the rig is disposed or the returned function is called. */
  start(run: (signal: AbortSignal) => Promise<void>): () => Promise<void>;
  startRelay(options?: {
    holder?: string;
    bus?: Bus;
    db?: Database;
    leaseMs?: number;
    pollMs?: number;
  }): () => Promise<void>;
  startConsumer(handle: EventHandler, options?: Partial<ConsumerOptions>): () => Promise<void>;
  effects(): Promise<Record<string, number>>;
};

export async function createRig(): Promise<Rig> {
  const database = await testDatabase({ service: 'messaging-kit', migrationsFolder, maxConnections: 12 });
  const bus = await testBus();
  const { db } = database;
  const stops: (() => Promise<void>)[] = [];
  const start: Rig['start'] = (run) => {
    const stop = new AbortController();
    const running = run(stop.signal);
    const end = async () => {
      stop.abort();
      await running;
    };
    stops.push(end);
    return end;
  };
  const common = { clock: systemClock, logger: silentLogger };
  return {
    database,
    db,
    bus,
    start,
    append: (...ids) =>
      withTransaction(db, (tx) =>
        appendOutbox(
          tx,
          ids.map((id) => fact(id)),
        ),
      ),
    startRelay: (options = {}) =>
      start(
        createOutboxRelay({
          db,
          bus,
          stream: STREAM,
          holder: 'replica-1',
          leaseMs: 600,
          pollMs: 20,
          ...common,
          ...options,
        }).run,
      ),
    startConsumer: (handle, options = {}) =>
      start(
        createConsumer({
          ...{ db, bus, stream: 'billing', subject: 'suanli.billing.hold.>', durable: 'test-holds', retryBaseMs: 10 },
          ...{ handle, ...common, ...options },
        }).run,
      ),
    effects: () => readEffects(db),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await bus[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

export function fact(id: string, changes: Partial<OutboxEvent> = {}): OutboxEvent {
  const occurredAt: Instant = Date.UTC(2026, 0, 2);
  return {
    id,
    subject: SUBJECT,
    aggregateId: `hold_${id}`,
    aggregateVersion: 1n,
    payload: { id },
    occurredAt,
    ...changes,
  };
}

/** An effect that shows when it happens twice: a counter of its own for each event. */
export async function countEffect(tx: Tx, eventId: string): Promise<void> {
  await tx.execute(sql`
    insert into leadership (name, holder, epoch, lease_until) values (${`effect ${eventId}`}, '', 1, now())
    on conflict (name) do update set epoch = leadership.epoch + 1`);
}

async function readEffects(db: Database): Promise<Record<string, number>> {
  const { rows } = await db.execute<{ id: string; times: number }>(sql`
    select substring(name from 8) as id, epoch::int as times from leadership where name like 'effect %' order by 1`);
  return Object.fromEntries(rows.map((row) => [row.id, row.times]));
}

export const countAndFinish: EventHandler = async (tx, event) => {
  await countEffect(tx, event.id);
  return { kind: 'done' };
};

/** A bus like `bus` but for some methods. */
export function busWith(bus: Bus, changes: Partial<Bus>): Bus {
  return { ...bus, ...changes };
}
