import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDelivery, encodeHeaders } from './cloud-event.ts';

const word = fc.stringMatching(/^[a-z0-9_]{1,20}$/);
const tenant = fc.record(
  { accountId: word, subAccountId: word, workspaceId: word, principalId: word },
  { requiredKeys: ['accountId', 'workspaceId', 'principalId'] },
);
const fact = fc.record({
  id: word,
  subject: fc.constant('suanli.billing.hold.placed.v1'),
  aggregateId: word,
  aggregateVersion: fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n }),
  occurredAt: fc.integer({ min: 0, max: 4_102_444_800_000 }),
});

const delivered = (headers: Readonly<Record<string, string>>, body: string) =>
  decodeDelivery({
    ...{ subject: 'suanli.billing.hold.placed.v1', headers, data: new TextEncoder().encode(body), sequence: 7 },
    ack: () => undefined,
    retryAfter: () => undefined,
  });

describe('CloudEvents', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(fact, tenant, fc.jsonValue(), (sent, of, data) => {
        const tenantHeaders = {
          'ce-accountid': of.accountId,
          ...(of.subAccountId !== undefined && { 'ce-subaccountid': of.subAccountId }),
          'ce-workspaceid': of.workspaceId,
          'ce-principalid': of.principalId,
        };
        const decoded = delivered(encodeHeaders({ ...sent, headers: tenantHeaders }, 'billing'), JSON.stringify(data));
        const { occurredAt, ...same } = sent;
        expect(decoded).toEqual({
          kind: 'event',
          event: { ...same, time: occurredAt, tenant: of, data: JSON.parse(JSON.stringify(data)) },
        });
      }),
    );
  });

  it('may belong to no tenant', () => {
    const headers = {
      'ce-id': 'e',
      'ce-aggregateid': 'a',
      'ce-aggregateversion': '1',
      'ce-time': '2026-01-01T00:00:00Z',
    };
    const decoded = delivered(headers, '{}');
    expect(decoded).toMatchObject({ kind: 'event' });
    expect(decoded.kind === 'event' && 'tenant' in decoded.event).toBe(false);
  });

  it('that lack an id are named by their place in the stream, so that each is its own dead letter', () => {
    expect(delivered({}, '{}')).toMatchObject({ kind: 'malformed', id: 'suanli.billing.hold.placed.v1#7' });
  });

  it.each([
    ['a version below zero', { 'ce-aggregateversion': '-1' }],
    ['a version that is no number', { 'ce-aggregateversion': 'two' }],
    ['no time', { 'ce-time': 'yesterday' }],
  ])('are malformed with %s', (_case, change) => {
    const headers = {
      'ce-id': 'e',
      'ce-aggregateid': 'a',
      'ce-aggregateversion': '1',
      'ce-time': '2026-01-01T00:00:00Z',
    };
    expect(delivered({ ...headers, ...change }, '{}').kind).toBe('malformed');
  });
});
