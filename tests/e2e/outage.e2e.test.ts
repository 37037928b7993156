import { createApi } from '@suanli/tools/smoke/rest/api';
import { beforeAll, expect, it } from 'vitest';
import { platform, untilAllReady } from '../support/platform.ts';
import { openTenant, type Tenant, YUAN } from '../support/tenants.ts';

const READ_BOUND_MS = 15_000;
const COMMAND_BOUND_MS = 25_000;
const PATHS = {
  billing: '/v1/wallet',
  scheduler: '/v1/jobs',
  'model-hub': '/v1/repositories',
  workflow: '/v1/runs',
} as const;
const SERVICES = Object.keys(PATHS) as (keyof typeof PATHS)[];

let tenant: Tenant;
let impatient: Tenant['api'];
beforeAll(async () => {
  tenant = await openTenant('outage', 10n * YUAN);
  impatient = createApi(tenant.api.target, 0);
});

it('services that hang are told as 503 with Retry-After in bounded time; nothing is lost when they go on', async () => {
  const posted = async () => BigInt((await tenant.api.get<{ posted_micros: string }>('/v1/wallet')).posted_micros);
  const before = await posted();
  const body = { channel: 'development', amount_micros: '1000000', currency: 'CNY' };
  const recharge = { body, idempotencyKey: crypto.randomUUID() };
  const { pids } = await platform();
  const signalAll = (signal: NodeJS.Signals) => SERVICES.forEach((service) => process.kill(pids[service] ?? 0, signal));

  signalAll('SIGSTOP');
  try {
    await Promise.all([
      ...SERVICES.map((service) => expectUnavailable('GET', PATHS[service], {}, READ_BOUND_MS)),
      expectUnavailable('POST', '/v1/recharges', recharge, COMMAND_BOUND_MS),
    ]);
  } finally {
    signalAll('SIGCONT');
  }

  for (const service of SERVICES) expect((await tenant.api.send('GET', PATHS[service])).status).toBe(200);
  // It may have been booked or not: sent again under its key it is booked once.
  expect((await tenant.api.send('POST', '/v1/recharges', recharge)).status).toBe(201);
  expect((await posted()) - before).toBe(1_000_000n);
  await untilAllReady();
});

async function expectUnavailable(method: string, path: string, ask: object, boundMs: number): Promise<void> {
  const askedAt = performance.now();
  const answer = await impatient.send(method, path, ask);
  const tookMs = performance.now() - askedAt;
  const { code } = (await answer.json()) as { code: string };
  const isTold = ['service_unavailable', 'deadline_exceeded'].includes(code);
  expect([path, answer.status, isTold, tookMs < boundMs]).toEqual([path, 503, true, true]);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
}
