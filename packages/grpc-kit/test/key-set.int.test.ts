import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createTokenVerifier, RefusedError } from '@suanli/grpc-kit';
import { SimClock } from '@suanli/test-kit';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { JWKS_MAX_AGE_MS, JWKS_MIN_INTERVAL_MS } from '../src/limits.ts';

type Issued = { jwk: JWK; mint: (clock: SimClock) => Promise<string> };

async function newKey(kid: string): Promise<Issued> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig' };
  const mint = (clock: SimClock) =>
    new SignJWT({ acc: 'acc_1', wsp: 'wsp_1', role: 'owner', scopes: ['*'] })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setSubject('usr_1')
      .setAudience('suanli')
      .setIssuer('suanli-gateway')
      .setExpirationTime(Math.floor(clock.now() / 1000) + 240)
      .sign(privateKey);
  return { jwk, mint };
}

/** An issuer whose answer and health the test decides. */
async function startIssuer() {
  const state = { keys: [] as JWK[], isDown: false, requests: 0 };
  const server = createServer((_request, response) => {
    state.requests += 1;
    if (state.isDown) response.socket?.destroy();
    else response.end(JSON.stringify({ keys: state.keys }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { state, jwksUrl, [Symbol.asyncDispose]: stop };
}

const reasonOf = (verified: Promise<unknown>) =>
  verified.then(
    () => 'verified',
    (error: unknown) => (error instanceof RefusedError ? error.refusal.reason : error),
  );

describe('the keys of the issuer', () => {
  it('are asked for once, however many tokens arrive together', async () => {
    await using issuer = await startIssuer();
    const [clock, key] = [new SimClock(), await newKey('a')];
    issuer.state.keys = [key.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    const tokens = await Promise.all(Array.from({ length: 20 }, () => key.mint(clock)));
    await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(issuer.state.requests).toBe(1);
  });

  it('make a cold verifier UNAVAILABLE while the issuer is down, and ready soon after it is back', async () => {
    await using issuer = await startIssuer();
    const [clock, key] = [new SimClock(), await newKey('a')];
    Object.assign(issuer.state, { keys: [key.jwk], isDown: true });
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    const token = await key.mint(clock);
    expect(await reasonOf(verifier.verify(token))).toBe('KEYS_UNAVAILABLE');
    issuer.state.isDown = false;
    await clock.advance(JWKS_MIN_INTERVAL_MS);
    expect(await reasonOf(verifier.verify(token))).toBe('verified');
  });

  it('outlive the issuer', async () => {
    await using issuer = await startIssuer();
    const [clock, key] = [new SimClock(), await newKey('a')];
    issuer.state.keys = [key.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    await verifier.verify(await key.mint(clock));
    issuer.state.isDown = true;
    await clock.advance(10 * JWKS_MAX_AGE_MS);
    expect(await reasonOf(verifier.verify(await key.mint(clock)))).toBe('verified');
  });

  it('are asked for again when a token names a new one', async () => {
    await using issuer = await startIssuer();
    const clock = new SimClock();
    const [old, fresh] = [await newKey('a'), await newKey('b')];
    issuer.state.keys = [old.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    await verifier.verify(await old.mint(clock));
    issuer.state.keys = [old.jwk, fresh.jwk];
    await clock.advance(JWKS_MIN_INTERVAL_MS);
    expect(await reasonOf(verifier.verify(await fresh.mint(clock)))).toBe('verified');
  });

  it('are not asked for more often than the minimum interval by made-up key ids', async () => {
    await using issuer = await startIssuer();
    const clock = new SimClock();
    const [known, stranger] = [await newKey('a'), await newKey('made-up')];
    issuer.state.keys = [known.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    for (let i = 0; i < 10; i++)
      expect(await reasonOf(verifier.verify(await stranger.mint(clock)))).toBe('TOKEN_INVALID');
    expect(issuer.state.requests).toBe(1);
  });

  it('that are withdrawn end their tokens, remembered ones too', async () => {
    await using issuer = await startIssuer();
    const clock = new SimClock();
    const [old, fresh] = [await newKey('a'), await newKey('b')];
    issuer.state.keys = [old.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    const token = await old.mint(clock);
    await verifier.verify(token);
    issuer.state.keys = [fresh.jwk];
    await clock.advance(JWKS_MIN_INTERVAL_MS);
    await verifier.verify(await fresh.mint(clock));
    expect(await reasonOf(verifier.verify(token))).toBe('TOKEN_INVALID');
  });

  it('do not keep a remembered token alive beyond its own end', async () => {
    await using issuer = await startIssuer();
    const [clock, key] = [new SimClock(), await newKey('a')];
    issuer.state.keys = [key.jwk];
    const verifier = createTokenVerifier({ jwksUrl: issuer.jwksUrl, clock });
    const token = await key.mint(clock);
    await verifier.verify(token);
    clock.step(6 * 60_000);
    expect(await reasonOf(verifier.verify(token))).toBe('TOKEN_EXPIRED');
  });
});
