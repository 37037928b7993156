import { type Instant, type TenantPath, toRfc3339 } from '@suanli/kernel';
import type { BusHeaders, Delivery } from './bus.ts';

/** A fact as a consumer sees it. */
export type IncomingEvent = {
  /** The publisher's id of this event: the same at each delivery. */
  id: string;
  subject: string;
  aggregateId: string;
  /** Grows with each event of the aggregate: tells an old fact from a new one when they arrive out of order. */
  aggregateVersion: bigint;
  /** When it happened, by the publisher's clock. */
  time: Instant;
  tenant?: TenantPath;
  /** protobuf-JSON of the event message. */
  data: unknown;
};

/** An event, or why the message is none. */
export type Decoded = { kind: 'event'; event: IncomingEvent } | { kind: 'malformed'; id: string; reason: string };

export type OutgoingFact = {
  id: string;
  subject: string;
  aggregateId: string;
  aggregateVersion: bigint;
  occurredAt: Instant;
  /** Trace and tenant, written when the fact was appended. */
  headers: BusHeaders;
};

/** CloudEvents 1.0, binary mode: attributes in headers, the data alone in the body. */
export function encodeHeaders(fact: OutgoingFact, source: string): BusHeaders {
  return {
    ...fact.headers,
    'ce-specversion': '1.0',
    'ce-id': fact.id,
    'ce-type': fact.subject,
    'ce-source': `/suanli/${source}`,
    'ce-time': toRfc3339(fact.occurredAt),
    'ce-aggregateid': fact.aggregateId,
    'ce-aggregateversion': fact.aggregateVersion.toString(),
    'content-type': 'application/json',
  };
}

export function decodeDelivery(delivery: Delivery): Decoded {
  const { headers, subject, data } = delivery;
  const id = headers['ce-id'];
  if (id === undefined) return { kind: 'malformed', id: `${subject}#${delivery.sequence}`, reason: 'no ce-id' };
  try {
    return decodeEvent({
      id,
      subject,
      headers,
      data: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data)),
    });
  } catch (error) {
    return { kind: 'malformed', id, reason: `body is not JSON: ${String(error)}` };
  }
}

export function decodeEvent(stored: { id: string; subject: string; headers: BusHeaders; data: unknown }): Decoded {
  const { id, subject, headers, data } = stored;
  const aggregateId = headers['ce-aggregateid'];
  const version = headers['ce-aggregateversion'];
  const time = Date.parse(headers['ce-time'] ?? '');
  if (aggregateId === undefined) return { kind: 'malformed', id, reason: 'no ce-aggregateid' };
  if (version === undefined || !/^\d{1,19}$/.test(version))
    return { kind: 'malformed', id, reason: 'bad ce-aggregateversion' };
  if (Number.isNaN(time)) return { kind: 'malformed', id, reason: 'bad ce-time' };
  const tenant = tenantOf(headers);
  const event = { id, subject, aggregateId, aggregateVersion: BigInt(version), time, data };
  return { kind: 'event', event: tenant === undefined ? event : { ...event, tenant } };
}

function tenantOf(headers: BusHeaders): TenantPath | undefined {
  const accountId = headers['ce-accountid'];
  const workspaceId = headers['ce-workspaceid'];
  const principalId = headers['ce-principalid'];
  const subAccountId = headers['ce-subaccountid'];
  if (accountId === undefined || workspaceId === undefined || principalId === undefined) return undefined;
  return { accountId, workspaceId, principalId, ...(subAccountId !== undefined && { subAccountId }) };
}
