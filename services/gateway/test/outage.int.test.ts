import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../src/service.ts';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';
import type { RestClient } from './support/rest-client.ts';
import { aJob } from './support/samples.ts';
import { type TcpProxy, tcpProxy } from './support/tcp-proxy.ts';

let lab: Lab;
let acme: Tenant;
let postgres: TcpProxy;
let gateway: Gateway;
let rest: RestClient;
let created = 0;
beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      jobs: {
        createJob: async () => {
          created += 1;
          return { job: aJob() };
        },
      },
    },
  });
  acme = await lab.openAccount();
  const url = new URL(lab.database.url);
  postgres = await tcpProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(postgres.port);
  gateway = await lab.startReplica({ DATABASE_URL: url.toString() });
  rest = lab.client(gateway, acme.key);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const submit = () => rest.post('/v1/jobs', { name: 'x', command: ['x'] });
const readiness = async () => {
  const answer = await fetch(`http://${gateway.addresses.ops}/readyz`);
  return { status: answer.status, body: await answer.json() };
};

describe('a gateway without its database', () => {
  it('answers 503 in bounded time, changes nothing, and recovers by itself', async () => {
    expect((await submit()).status).toBe(202);
    await postgres.setUp(false);
    const startedMs = performance.now();
    const answer = await submit();
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'service_unavailable' }]);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    // No change without its row in the audit log.
    expect(created).toBe(1);
    expect(await readiness()).toMatchObject({ status: 503, body: { failing: ['postgres'] } });
    expect((await fetch(`${gateway.addresses.http}/healthz`)).status).toBe(200);

    await postgres.setUp(true);
    await eventually(async () => expect((await submit()).status).toBe(202));
    await eventually(async () => expect((await readiness()).status).toBe(200));
    expect(created).toBe(2);
  });
});
