import { AccountArrearsChanged, BudgetThresholdReached } from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS, streamSubjects } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

const DAY_MS = 86_400_000;
type Body = Record<string, unknown>;

describe('webhooks', () => {
  let lab: Lab;
  const cleanup = new AsyncDisposableStack();
  let told = 0;

  beforeAll(async () => {
    lab = cleanup.use(await gatewayLab({ env: { SUANLI_DEV: '1' } }));
    await lab.bus.ensureStream({
      name: 'billing',
      subjects: streamSubjects('billing'),
      maxAgeMs: DAY_MS,
      discard: 'new',
    });
    await lab.startReplica();
  });
  afterAll(() => cleanup.disposeAsync());

  async function tell(subject: string, payload: unknown, id = `evt_${(told += 1)}`): Promise<string> {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-type': subject,
      'ce-source': '/suanli/billing',
      'ce-time': new Date().toISOString(),
      'ce-aggregateid': 'test',
      'ce-aggregateversion': '1',
    };
    const body = new TextEncoder().encode(JSON.stringify(payload));
    // Another message id each time: the stream does not hide a second delivery from the consumer.
    await lab.bus.publish(subject, body, headers, { msgId: `${id}-${(told += 1)}` });
    return id;
  }
  const threshold = (accountId: string, percent = 80, id?: string) => {
    const event = { accountId, percent, budgetId: 'bud_1', limitMicros: 100n, spentMicros: 80n, window: 'day' };
    const payload = BudgetThresholdReached.toJSON(BudgetThresholdReached.fromPartial(event));
    return tell(EVENTS.budgetThresholdReached.subject, payload, id);
  };
  const arrears = (accountId: string, state: string) =>
    tell(
      EVENTS.accountArrearsChanged.subject,
      AccountArrearsChanged.toJSON(AccountArrearsChanged.fromPartial({ accountId, state, since: new Date() })),
    );
  async function endpoint(
    tenant: Tenant,
    receiver: Receiver,
    more: Body = {},
  ): Promise<{ id: string; secret: string }> {
    const made = await tenant.rest.post('/v1/webhook-endpoints', { url: receiver.url, ...more });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    return made.body as { id: string; secret: string };
  }
  const deliveriesOf = async (tenant: Tenant, endpointId: string) => {
    const { body } = await tenant.rest.get(`/v1/webhook-endpoints/${endpointId}/deliveries`);
    return (body as { data: Body[] }).data;
  };

  it('an event is at its receiver in under a second, signed so that its library and the openai client take it', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const { secret } = await endpoint(tenant, receiver);
    // The consumers of this replica may still be joining the stream; the figure is for one that has.
    await threshold(tenant.accountId, 50);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const startedAt = performance.now();
    const eventId = await threshold(tenant.accountId);
    await eventually(() => expect(receiver.received).toHaveLength(2), { timeoutMs: 5_000 });
    const [, message] = receiver.received;
    if (message === undefined) throw new Error('nothing arrived');
    const tookMs = message.at - startedAt;
    console.log(`event to receiver: ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(1_000);
    const headers = message.headers as Record<string, string>;
    expect(headers['webhook-id']).toBe(eventId);
    const verified = new Webhook(secret).verify(message.body, headers) as Body;
    expect(verified).toMatchObject({
      type: 'budget.threshold_reached',
      data: { budget_id: 'bud_1', percent: 80, limit_micros: '100', spent_micros: '80', window: 'day' },
    });
    const client = new OpenAI({ apiKey: 'none', webhookSecret: secret });
    expect(await client.webhooks.unwrap(message.body, headers)).toEqual(verified);
    expect(() => new Webhook(secret).verify(message.body.replace('80', '81'), headers)).toThrow('No matching');
  });

  it('an event told twice is one delivery, and an endpoint hears only what it asked for', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const stranger = await lab.openAccount('Other');
    const { id } = await endpoint(tenant, receiver, { event_types: ['account.arrears_changed'] });
    const other = await endpoint(tenant, receiver, { event_types: ['budget.threshold_reached'] });
    await threshold(tenant.accountId, 80, 'evt_same');
    await threshold(tenant.accountId, 80, 'evt_same');
    await threshold(stranger.accountId);
    await arrears(tenant.accountId, 'suspended');
    await eventually(() => expect(receiver.received).toHaveLength(2));
    await eventually(async () => expect(await deliveriesOf(tenant, id)).toMatchObject([{ status: 'delivered' }]));
    expect(await deliveriesOf(tenant, other.id)).toMatchObject([{ event_type: 'budget.threshold_reached' }]);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as Body)['type']);
    expect(new Set(types)).toEqual(new Set(['account.arrears_changed', 'budget.threshold_reached']));
    expect((await stranger.rest.get(`/v1/webhook-endpoints/${id}`)).status).toBe(404);
    expect((await stranger.rest.get(`/v1/webhook-endpoints/${id}/deliveries`)).status).toBe(404);
  });

  it('an operator who freezes an account or thaws it is heard of', async () => {
    await using receiver = await startReceiver();
    const { accountId, ...tenant } = await lab.openAccount();
    await endpoint({ accountId, ...tenant }, receiver, { event_types: ['account.frozen', 'account.unfrozen'] });
    await tell(EVENTS.accountFrozen.subject, { accountId, isFrozen: true });
    await tell(EVENTS.accountUnfrozen.subject, { accountId });
    await eventually(() => expect(receiver.received).toHaveLength(2));
    const told = receiver.received.map(({ body }) => JSON.parse(body) as Body);
    expect(new Set(told.map((one) => one['type']))).toEqual(new Set(['account.frozen', 'account.unfrozen']));
    expect(told[0]).toMatchObject({ data: { account_id: accountId } });
  });

  it('two replicas never send one delivery twice at once', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const { id } = await endpoint(tenant, receiver);
    const letGo = receiver.hang();
    for (let at = 0; at < 30; at++) await threshold(tenant.accountId, at + 1);
    await eventually(() => expect(receiver.received.length).toBeGreaterThan(3));
    letGo();
    await eventually(async () => {
      const deliveries = await deliveriesOf(tenant, id);
      expect(deliveries.filter(({ status }) => status === 'delivered')).toHaveLength(30);
    });
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
  });

  it('a try that fails is logged and comes again with the same bytes; a redelivery, too', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const { id } = await endpoint(tenant, receiver);
    receiver.answer(302, { location: 'http://127.0.0.1:1/' });
    await threshold(tenant.accountId);
    await eventually(async () => expect(await deliveriesOf(tenant, id)).toMatchObject([{ attempts: 1 }]));
    const [failed] = await deliveriesOf(tenant, id);
    expect(failed).toMatchObject({ status: 'pending', next_attempt_at: expect.any(String) });
    receiver.answer(200);
    const redelivered = await tenant.rest.post(`/v1/webhook-deliveries/${String(failed?.['id'])}/redeliver`);
    expect(redelivered.status).toBe(202);
    await eventually(async () => expect(await deliveriesOf(tenant, id)).toMatchObject([{ status: 'delivered' }]));
    const { body } = await tenant.rest.get(`/v1/webhook-deliveries/${String(failed?.['id'])}`);
    expect(body).toMatchObject({ log: [{ http_status: 200 }, { http_status: 302, error: 'answered 302' }] });
    const [first, second] = receiver.received;
    expect([second?.body, second?.headers['webhook-id']]).toEqual([first?.body, first?.headers['webhook-id']]);
  });

  it('a secret that was rotated signs on beside the new one', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const { id, secret } = await endpoint(tenant, receiver);
    const rotated = await tenant.rest.post(`/v1/webhook-endpoints/${id}/rotate-secret`);
    const { secret: next } = rotated.body as { secret: string };
    expect(next).not.toBe(secret);
    await threshold(tenant.accountId);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [message] = receiver.received;
    const headers = (message?.headers ?? {}) as Record<string, string>;
    for (const one of [secret, next]) expect(new Webhook(one).verify(message?.body ?? '', headers)).toBeDefined();
    const shown = await tenant.rest.get(`/v1/webhook-endpoints/${id}`);
    expect(shown.text).not.toContain('whsec_');
  });

  it('an endpoint that is gone is disabled, and the others of the account are told', async () => {
    await using receiver = await startReceiver();
    await using watcher = await startReceiver();
    const tenant = await lab.openAccount();
    await endpoint(tenant, watcher, { event_types: ['webhook_endpoint.disabled'] });
    const { id } = await endpoint(tenant, receiver);
    receiver.answer(410);
    await threshold(tenant.accountId);
    await eventually(() => expect(watcher.received).toHaveLength(1));
    expect((await tenant.rest.get(`/v1/webhook-endpoints/${id}`)).body).toMatchObject({
      status: 'disabled',
      disabled_reason: 'gone',
    });
    expect(JSON.parse(watcher.received[0]?.body ?? '')).toMatchObject({
      type: 'webhook_endpoint.disabled',
      data: { webhook_endpoint_id: id, reason: 'gone' },
    });
    const [delivery] = await deliveriesOf(tenant, id);
    const again = await tenant.rest.post(`/v1/webhook-deliveries/${String(delivery?.['id'])}/redeliver`);
    expect([again.status, (again.body as Body)['code']]).toEqual([409, 'webhook_endpoint_disabled']);
  });

  it('endpoints are changed by whoever read the newest version, and deleted with all that waits', async () => {
    await using receiver = await startReceiver();
    const tenant = await lab.openAccount();
    const { id } = await endpoint(tenant, receiver);
    const path = `/v1/webhook-endpoints/${id}`;
    const changed = await tenant.rest.patch(path, { status: 'disabled' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect((await tenant.rest.patch(path, { description: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await tenant.rest.patch(path, { description: 'x' }, { 'if-match': 'now' })).status).toBe(400);
    expect((await tenant.rest.delete(path)).status).toBe(204);
    expect((await tenant.rest.delete(path)).status).toBe(404);
    expect((await tenant.rest.get('/v1/webhook-endpoints')).body).toMatchObject({ data: [] });
  });

  it.each([
    ['ftp://example.com/', 422],
    ['https://user:secret@example.com/', 422],
    ['nowhere', 422],
  ])('%s is no endpoint', async (url, status) => {
    const tenant = await lab.openAccount();
    const answer = await tenant.rest.post('/v1/webhook-endpoints', { url });
    expect([answer.status, (answer.body as Body)['code']]).toEqual([status, 'webhook_url_refused']);
  });
});
