import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { testTokens } from './test-tokens.ts';

const tenant = { accountId: 'acc_1', subAccountId: 'sac_1', workspaceId: 'wsp_1', principalId: 'usr_1' };

describe('testTokens', () => {
  it('mints tokens that verify against the keys it serves, with the claims of the gateway', async () => {
    await using tokens = await testTokens();
    const keys = createRemoteJWKSet(new URL(tokens.jwksUrl));
    const { payload } = await jwtVerify(await tokens.mint({ tenant, scopes: ['jobs:write'] }), keys, {
      audience: 'suanli',
      issuer: 'suanli-gateway',
    });
    expect(payload).toMatchObject({
      ...{ sub: 'usr_1', acc: 'acc_1', sac: 'sac_1', wsp: 'wsp_1', role: 'owner', scopes: ['jobs:write'] },
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  });

  it('makes forged and expired tokens that do not verify', async () => {
    await using tokens = await testTokens();
    const keys = createRemoteJWKSet(new URL(tokens.jwksUrl));
    await expect(jwtVerify(await tokens.forge({ tenant }), keys)).rejects.toThrow('signature verification failed');
    await expect(jwtVerify(await tokens.mint({ tenant, expiresInMs: -60_000 }), keys)).rejects.toThrow('"exp"');
  });
});
