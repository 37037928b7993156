import { describe, expect, it } from 'vitest';
import { serviceOfSan } from './peer.ts';

describe('serviceOfSan', () => {
  it.each([
    ['DNS:localhost, IP Address:127.0.0.1, URI:spiffe://suanli/model-hub', 'model-hub'],
    ['URI:spiffe://suanli/billing', 'billing'],
  ])('reads %s', (san, service) => expect(serviceOfSan(san)).toBe(service));

  it.each([
    ['no certificate', undefined],
    ['no URI', 'DNS:billing'],
    ['another trust domain', 'URI:spiffe://elsewhere/billing'],
    ['a path below a service', 'URI:spiffe://suanli/billing/admin'],
    ['two identities', 'URI:spiffe://suanli/billing, URI:spiffe://suanli/gateway'],
    ['an identity smuggled inside a quoted name', 'DNS:"x, URI:spiffe://suanli/gateway, y"'],
    ['an identity with a tail', 'URI:spiffe://suanli/gateway?x'],
  ])('names nobody for %s', (_story, san) => expect(serviceOfSan(san)).toBeUndefined());
});
