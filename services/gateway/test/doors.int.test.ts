import { createGrpcClient, createTokenVerifier, readGrpcError } from '@suanli/grpc-kit';
import { TokenServiceClient } from '@suanli/proto/suanli/gateway/v1/token.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let acme: Tenant;
beforeAll(async () => {
  lab = await gatewayLab();
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

const verifier = () => createTokenVerifier({ jwksUrl: `${lab.gateway.addresses.http}/.well-known/jwks.json` });
const partner = () =>
  createGrpcClient(TokenServiceClient, { address: lab.gateway.addresses.partner ?? '', defaultDeadlineMs: 5_000 });

describe('the partner door', () => {
  it('gives a token for a key, which anyone can verify by the published keys', async () => {
    await using client = partner();
    const { accessToken, expiresAt } = await client.exchangeApiKey({ apiKey: acme.key });
    const claims = await verifier().verify(accessToken);
    expect(claims).toMatchObject({
      sub: acme.keyId,
      acc: acme.accountId,
      wsp: acme.workspaceId,
      role: 'owner',
      scopes: ['*'],
    });
    expect((expiresAt?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(5 * 60_000);
  });

  it('gives none for a key that is not valid, and does not say why', async () => {
    await using client = partner();
    for (const apiKey of ['', 'sk_unknown', 'x'.repeat(10_000)]) {
      const refused = await client.exchangeApiKey({ apiKey }).catch(readGrpcError);
      expect(refused).toMatchObject({ reason: 'INVALID_API_KEY', message: 'the API key is not valid' });
    }
  });

  it('counts exchanges against the limit of the key', async () => {
    const made = await acme.rest.post('/v1/api-keys', { name: 'few', requests_per_minute: 2 });
    const apiKey = (made.body as { secret: string }).secret;
    await using client = partner();
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(await client.exchangeApiKey({ apiKey }).catch(readGrpcError));
    expect(outcomes[2]).toMatchObject({ reason: 'RATE_LIMITED' });
  });

  it('is open over REST too', async () => {
    const answer = await acme.rest.post('/v1/tokens');
    const { access_token: token } = answer.body as { access_token: string };
    expect(await verifier().verify(token)).toMatchObject({ sub: acme.keyId });
  });
});

describe('the internal door', () => {
  it('is shut to who shows no certificate of ours', async () => {
    await using bare = createGrpcClient(TokenServiceClient, {
      address: lab.gateway.addresses.internal,
      tls: { ca: Buffer.from(lab.tls.ca) },
      defaultDeadlineMs: 3_000,
    });
    expect(await bare.exchangeApiKey({ apiKey: acme.key }).catch(readGrpcError)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('signing keys', () => {
  it('are one for all replicas, and their private halves are published nowhere', async () => {
    const other = await lab.startReplica();
    const read = async (url: string) =>
      (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: object[] };
    const [here, there] = [await read(lab.gateway.addresses.http), await read(other.addresses.http)];
    expect(here).toEqual(there);
    expect(here.keys).toHaveLength(1);
    expect(here.keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(here.keys[0]).not.toHaveProperty('d');
  });
});

describe('the public pages', () => {
  it('are served by the gateway itself: reference, its script, errors', async () => {
    const { http } = lab.gateway.addresses;
    const page = await (await fetch(`${http}/docs/`)).text();
    const sources = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.filter((source) => /^(https?:)?\/\//.test(source))).toEqual([]);
    const script = await fetch(`${http}/docs/js/scalar.js`);
    expect([script.status, (await script.arrayBuffer()).byteLength > 100_000]).toEqual([200, true]);
    const openapi = (await (await fetch(`${http}/docs/openapi.json`)).json()) as { openapi: string };
    expect(openapi.openapi).toBe('3.1.0');
  });
});
