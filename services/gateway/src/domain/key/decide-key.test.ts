import { describe, expect, it } from 'vitest';
import { decideKey, type KeyRecord } from './decide-key.ts';

const NOW = 1_000_000;
const aKey = (fields: Partial<KeyRecord> = {}): KeyRecord => ({
  keyId: 'key_1',
  kind: 'api',
  accountId: 'acc_1',
  workspaceId: 'wsp_1',
  memberId: 'usr_1',
  role: 'developer',
  scopes: ['*'],
  requestsPerMinute: 600,
  isMemberActive: true,
  ...fields,
});

describe('decideKey', () => {
  it.each<[string, Partial<KeyRecord>, string]>([
    ['a revoked key is shut', { revokedAt: NOW - 1 }, 'revoked'],
    ['a key ends at the very moment of its expiry', { expiresAt: NOW }, 'expired'],
    ['a key is good until then', { expiresAt: NOW + 1 }, 'valid'],
    ['the key of a removed member is shut', { isMemberActive: false }, 'member_removed'],
    ['a key without end is good', {}, 'valid'],
  ])('%s', (_story, fields, want) => {
    const decision = decideKey(aKey(fields), NOW);
    expect(decision.kind === 'valid' ? 'valid' : decision.reason).toBe(want);
  });

  it('names the key itself as the one that acts', () => {
    const decision = decideKey(aKey(), NOW);
    expect(decision).toMatchObject({
      principal: { kind: 'member', tenant: { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' } },
    });
  });
});
