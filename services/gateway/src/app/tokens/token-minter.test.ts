import { SimClock } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/key/principal.ts';
import type { SigningKeys, TokenSigning } from './signing-keys.ts';
import { createTokenMinter } from './token-minter.ts';

const principal: Principal = {
  kind: 'member',
  keyId: 'key_1',
  memberId: 'usr_1',
  tenant: { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' },
  role: 'owner',
  scopes: ['*'],
  requestsPerMinute: 600,
};
const keys: SigningKeys = {
  active: () => ({ kid: 'k', privateJwk: {} }),
  publicKeys: () => [],
  reload: async () => undefined,
};

function minter() {
  const clock = new SimClock();
  const signed: Record<string, unknown>[] = [];
  const signing: Pick<TokenSigning, 'sign'> = {
    async sign(_key, claims) {
      signed.push(claims);
      return `token ${signed.length}`;
    },
  };
  const tokens = createTokenMinter({ keys, signing: signing as TokenSigning, clock });
  return { clock, signed, tokens };
}

describe('createTokenMinter', () => {
  it('signs once for many requests of a key, and again a minute before the token ends', async () => {
    const { clock, signed, tokens } = minter();
    await Promise.all([tokens.tokenFor(principal), tokens.tokenFor(principal)]);
    await clock.advance(3 * 60_000);
    await tokens.tokenFor(principal);
    expect(signed).toHaveLength(1);
    await clock.advance(61_000);
    expect((await tokens.tokenFor(principal)).token).toBe('token 2');
  });

  it('never lets a token outlive five minutes or its key', async () => {
    const { clock, signed, tokens } = minter();
    const { expiresAt } = await tokens.tokenFor(principal);
    expect(expiresAt - clock.now()).toBe(5 * 60_000);
    const short = { ...principal, keyId: 'key_2', expiresAt: clock.now() + 10_000 };
    expect((await tokens.tokenFor(short)).expiresAt).toBe(short.expiresAt);
    expect(signed).toHaveLength(2);
  });

  it('signs anew when the role, a scope or the key has changed', async () => {
    const { signed, tokens } = minter();
    await tokens.tokenFor(principal);
    await tokens.tokenFor({ ...principal, role: 'viewer' });
    await tokens.tokenFor({ ...principal, scopes: ['hub:read'] });
    tokens.forgetKey('key_1');
    await tokens.tokenFor(principal);
    expect(signed).toHaveLength(4);
  });

  it('says in the claims who acts where with what', async () => {
    const { signed, tokens } = minter();
    await tokens.tokenFor(principal);
    expect(signed[0]).toMatchObject({
      sub: 'key_1',
      acc: 'acc_1',
      wsp: 'wsp_1',
      role: 'owner',
      scopes: ['*'],
      aud: 'suanli',
    });
  });
});
