import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab } from './support/gateway-lab.ts';

describe('the gateway', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await gatewayLab();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it('tells the operator who they are', async () => {
    const me = await lab.operator.get('/v1/me');
    expect(me.status).toBe(200);
    expect(me.body).toMatchObject({ kind: 'operator', role: 'operator' });
  });

  it('is ready once it has started', async () => {
    const ready = await fetch(`http://${lab.gateway.addresses.ops}/readyz`);
    expect(await ready.json()).toEqual({ ready: true, failing: [] });
  });
});
