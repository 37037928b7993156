import { createApi } from '@suanli/tools/smoke/rest/api';
import { beforeAll, expect, it } from 'vitest';
import { platform, untilAllReady } from '../support/platform.ts';
import { openTenant, type Tenant, YUAN } from '../support/tenants.ts';

const BOUNDED_MS = 25_000;

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant('outage', 10n * YUAN);
});

it.each(['billing', 'scheduler', 'model-hub', 'workflow'] as const)(
  'while %s hangs its routes answer 503 with Retry-After within a deadline, and serve again when it goes on',
  async (service) => {
    const impatient = createApi(tenant.api.target, 0);
    const path = PATHS[service];
    const pid = (await platform()).pids[service] ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      const askedAt = performance.now();
      const answer = await impatient.send('GET', path);
      const tookMs = performance.now() - askedAt;
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      const { code } = (await answer.json()) as { code: string };
      expect([answer.status, ['service_unavailable', 'deadline_exceeded'].includes(code)]).toEqual([503, true]);
      expect(tookMs).toBeLessThan(BOUNDED_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await tenant.api.send('GET', path)).status).toBe(200);
    await untilAllReady();
  },
);

it('a recharge that billing was too late for is booked once when it is sent again', async () => {
  const impatient = createApi(tenant.api.target, 0);
  const posted = async () => BigInt((await tenant.api.get<{ posted_micros: string }>('/v1/wallet')).posted_micros);
  const before = await posted();
  const body = { channel: 'development', amount_micros: '1000000', currency: 'CNY' };
  const ask = { body, idempotencyKey: crypto.randomUUID() };
  const pid = (await platform()).pids['billing'] ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    const answer = await impatient.send('POST', '/v1/recharges', ask);
    expect(answer.status).toBe(503);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect((await tenant.api.send('POST', '/v1/recharges', ask)).status).toBe(201);
  expect((await posted()) - before).toBe(1_000_000n);
  await untilAllReady();
});

const PATHS = {
  billing: '/v1/wallet',
  scheduler: '/v1/jobs',
  'model-hub': '/v1/repositories',
  workflow: '/v1/runs',
} as const;
