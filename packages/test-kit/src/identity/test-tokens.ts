import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Role, TenantPath } from '@suanli/kernel';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type TokenRequest = {
  tenant: TenantPath;
  role?: Role;
  scopes?: readonly string[];
  /** From now; may be negative for an expired token. */
  expiresInMs?: number;
  audience?: string;
  issuer?: string;
};

export type TestTokens = AsyncDisposable & {
  /** Where the public keys are, as the gateway serves them. */
  jwksUrl: string;
  /** A token as the gateway mints it. */
  mint(request: TokenRequest): Promise<string>;
  /** Signed by a key that is not in the set. */
  forge(request: TokenRequest): Promise<string>;
};

const KEY_ID = 'test-key';
const ALGORITHM = 'ES256';
const DEFAULT_LIFE_MS = 300_000;

/** A stand-in for the gateway's token exchange: mints what services verify, and serves the keys over HTTP. */
export async function testTokens(): Promise<TestTokens> {
  const [trusted, stranger] = await Promise.all([generateKeyPair(ALGORITHM), generateKeyPair(ALGORITHM)]);
  const jwk = { ...(await exportJWK(trusted.publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    jwksUrl: `http://127.0.0.1:${port}/.well-known/jwks.json`,
    mint: (request) => sign(trusted.privateKey, request),
    forge: (request) => sign(stranger.privateKey, request),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function sign(key: webcrypto.CryptoKey, request: TokenRequest): Promise<string> {
  const { tenant } = request;
  const nowMs = Date.now();
  return new SignJWT({
    acc: tenant.accountId,
    ...(tenant.subAccountId !== undefined && { sac: tenant.subAccountId }),
    wsp: tenant.workspaceId,
    role: request.role ?? 'owner',
    scopes: request.scopes ?? ['*'],
  })
    .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
    .setSubject(tenant.principalId)
    .setAudience(request.audience ?? 'suanli')
    .setIssuer(request.issuer ?? 'suanli-gateway')
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor((nowMs + (request.expiresInMs ?? DEFAULT_LIFE_MS)) / 1000))
    .sign(key);
}
