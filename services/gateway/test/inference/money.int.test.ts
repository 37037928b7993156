import { eventually } from '@suanli/test-kit';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../support/gateway-lab.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { INPUT_MICROS, OUTPUT_MICROS } from './support/fake-billing.ts';
import { sayHello, USAGE } from './support/fake-openai.ts';
import { type InferenceLab, inferenceLab, MODEL } from './support/inference-lab.ts';

let lab: InferenceLab;
beforeAll(async () => {
  lab = await inferenceLab();
});
afterAll(() => lab[Symbol.asyncDispose]());

const body = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }], max_tokens: 100 };
const CALL_MICROS = BigInt(USAGE.prompt_tokens) * INPUT_MICROS + BigInt(USAGE.completion_tokens) * OUTPUT_MICROS;

/** No hold pays for more than it has: what its usages cost, by hold. */
async function checkHolds(tenant: Tenant): Promise<void> {
  const spent = new Map<string, bigint>();
  for (const { holdId, readings } of await lab.usages(tenant)) {
    const micros = readings.reduce(
      (sum, r) => sum + r.quantity * (r.meter === 'tokens_input' ? INPUT_MICROS : OUTPUT_MICROS),
      0n,
    );
    spent.set(holdId, (spent.get(holdId) ?? 0n) + micros);
  }
  const { holds } = lab.billing.desk(tenant.accountId);
  for (const [holdId, micros] of spent)
    expect(micros <= (holds.get(holdId.split('@')[0] ?? '')?.amountMicros ?? 0n), `${holdId} pays`).toBe(true);
}

async function callMany(clients: readonly OpenAI[], count: number): Promise<{ done: number; refused: number }> {
  const results = await Promise.allSettled(
    Array.from({ length: count }, async (_, i) => clients[i % clients.length]?.chat.completions.create(body)),
  );
  const refused = results.filter((result) => {
    if (result.status === 'fulfilled') return false;
    expect(result.reason).toMatchObject({ status: 429, code: 'insufficient_quota' });
    return true;
  }).length;
  return { done: count - refused, refused };
}

describe('the money of model calls', () => {
  it('keeps to a hard budget of a key at any concurrency over two replicas, answered as a quota that is used up', async () => {
    const tenant = await lab.openAccount(1_000_000_000n);
    const budget = { kind: 'key' as const, id: tenant.keyId, limitMicros: 5_000n };
    lab.billing.fill(tenant.accountId, 1_000_000_000n, [budget]);
    const gateways = [lab.gateway, await lab.startReplica()];
    const clients = gateways.map((gateway) => lab.client(tenant, { gateway }));
    const { done, refused } = await callMany(clients, 100);
    expect([done > 0, refused > 0]).toEqual([true, true]);
    const held = [...lab.billing.desk(tenant.accountId).holds.values()];
    expect(held.reduce((sum, hold) => sum + hold.amountMicros, 0n) <= budget.limitMicros).toBe(true);
    await checkHolds(tenant);
    const response = await fetch(`${gateways[0]?.addresses.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, max_tokens: 100_000 }),
    });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([429, 'false']);
    expect(await response.json()).toMatchObject({
      error: { code: 'insufficient_quota', type: 'insufficient_quota' },
      details: { budget_id: tenant.keyId, window: 'total' },
    });
  });

  it.each([1, 2])('is never overspent by 200 calls at once on a wallet for few, over %s replicas', async (replicas) => {
    const tenant = await lab.openAccount(20n * CALL_MICROS + 1_500n);
    const gateways = [lab.gateway, ...(replicas === 2 ? [await lab.startReplica()] : [])];
    const before = lab.upstream.received.length;
    const { done, refused } = await callMany(
      gateways.map((gateway) => lab.client(tenant, { gateway })),
      200,
    );
    expect(done).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    // Who was refused did not reach the upstream.
    expect(lab.upstream.received.length - before).toBe(done);
    expect(await lab.usages(tenant)).toHaveLength(done);
    expect(await lab.spentMicros(tenant)).toBe(BigInt(done) * CALL_MICROS);
    expect((await lab.spentMicros(tenant)) <= 20n * CALL_MICROS + 1_500n).toBe(true);
    await checkHolds(tenant);
  });

  it('is held once for each replica, and given back when a replica stops', async () => {
    const tenant = await lab.openAccount();
    const other = await lab.startReplica();
    await lab.client(tenant).chat.completions.create(body);
    await lab.client(tenant, { gateway: other }).chat.completions.create(body);
    const desk = lab.billing.desk(tenant.accountId);
    expect(desk.holds.size).toBe(2);
    await other[Symbol.asyncDispose]();
    const holdOf = (await lab.usages(tenant)).map(({ holdId, usageId }) => ({ hold: holdId.split('@')[0], usageId }));
    expect(desk.closes).toHaveLength(1);
    const [closed] = desk.closes;
    expect(holdOf).toContainEqual({ hold: closed?.holdId, usageId: closed?.finalUsageId });
  });

  it('is charged once for a call repeated under its Idempotency-Key', async () => {
    const tenant = await lab.openAccount();
    const options = { headers: { 'idempotency-key': 'once' } };
    const first = await lab.client(tenant).chat.completions.create(body, options);
    expect(await lab.client(tenant).chat.completions.create(body, options)).toEqual(first);
    expect(await lab.usages(tenant)).toHaveLength(1);
  });

  it('is charged, and the answer given, though the database was away when the call ended', async () => {
    const tenant = await lab.openAccount();
    const url = new URL(lab.lab.database.url);
    await using postgres = await tcpProxy({ host: url.hostname, port: Number(url.port) });
    url.hostname = '127.0.0.1';
    url.port = String(postgres.port);
    await using gateway = await lab.startReplica({ DATABASE_URL: url.toString() });
    const client = lab.client(tenant, { gateway });
    let isAnswered = false;
    lab.upstream.behave(async (request, reply) => {
      await postgres.setUp(false);
      await sayHello(request, reply);
      isAnswered = true;
    });
    const answer = client.chat.completions.create(body);
    await eventually(() => isAnswered);
    expect(await lab.usages(tenant)).toEqual([]);
    await postgres.setUp(true);
    expect((await answer).choices[0]?.message.content).toBe('Hello there');
    expect(await lab.usages(tenant)).toHaveLength(1);
    lab.upstream.behave(sayHello);
  });
});
