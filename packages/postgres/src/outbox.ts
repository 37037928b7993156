import { context, propagation } from '@opentelemetry/api';
import { type Instant, invariant, type TenantPath } from '@suanli/kernel';
import type { Tx } from './database.ts';
import { insertSet } from './insert-set.ts';
import { outbox } from './tables.ts';

/** A fact to publish once the transaction commits. */
export type OutboxEvent = {
  /** Unique for ever: consumers recognise a second delivery by it. */
  id: string;
  /** `suanli.<service>.<noun>.<past-verb>.v1` */
  subject: string;
  aggregateId: string;
  aggregateVersion: bigint;
  tenant?: TenantPath;
  /** The event message as protobuf-JSON: plain JSON, int64 as strings. */
  payload: unknown;
  occurredAt: Instant;
};

/** Half of what NATS takes by default: an event that cannot be published must fail in the transaction that made it. */
export const MAX_EVENT_BYTES = 512 * 1024;
/** Rows per insert statement. */
const INSERT_CHUNK = 500;

/** Appends facts to the outbox in the caller's transaction, with the trace that they belong to. */
export async function appendOutbox(tx: Tx, events: readonly OutboxEvent[]): Promise<void> {
  const trace: Record<string, string> = {};
  propagation.inject(context.active(), trace);
  for (let from = 0; from < events.length; from += INSERT_CHUNK) {
    const rows = events.slice(from, from + INSERT_CHUNK).map((event) => toRow(event, trace));
    await tx.execute(insertSet(outbox, rows));
  }
}

function toRow(event: OutboxEvent, trace: Record<string, string>): typeof outbox.$inferInsert {
  const bytes = Buffer.byteLength(JSON.stringify(event.payload));
  invariant(bytes <= MAX_EVENT_BYTES, `event ${event.id} has ${bytes} bytes, more than ${MAX_EVENT_BYTES}`);
  return {
    id: event.id,
    subject: event.subject,
    aggregateId: event.aggregateId,
    aggregateVersion: event.aggregateVersion,
    payload: event.payload,
    headers: { ...trace, ...(event.tenant && tenantHeaders(event.tenant)) },
    occurredAt: new Date(event.occurredAt),
  };
}

function tenantHeaders(tenant: TenantPath): Record<string, string> {
  return {
    'ce-accountid': tenant.accountId,
    ...(tenant.subAccountId !== undefined && { 'ce-subaccountid': tenant.subAccountId }),
    'ce-workspaceid': tenant.workspaceId,
    'ce-principalid': tenant.principalId,
  };
}
