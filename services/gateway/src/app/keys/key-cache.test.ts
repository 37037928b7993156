import { SimClock } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import type { KeyRecord } from '../../domain/key/decide-key.ts';
import { createKeyCache } from './key-cache.ts';

const key: KeyRecord = {
  keyId: 'key_1',
  kind: 'api',
  accountId: 'acc_1',
  workspaceId: 'wsp_1',
  memberId: 'usr_1',
  role: 'owner',
  scopes: ['*'],
  requestsPerMinute: 600,
  isMemberActive: true,
};

describe('the cache of keys', () => {
  it('forgets a key that was revoked, and the keys of a member that was changed', () => {
    const cache = createKeyCache(new SimClock());
    cache.put('a', key, cache.generation());
    cache.put('b', { ...key, keyId: 'key_2' }, cache.generation());
    cache.forgetKey('key_1');
    expect([cache.get('a'), cache.get('b')?.keyId]).toEqual([undefined, 'key_2']);
    cache.forgetMember('usr_1');
    expect(cache.get('b')).toBeUndefined();
  });

  it('does not keep what was looked up before a key was forgotten', () => {
    const cache = createKeyCache(new SimClock());
    const before = cache.generation();
    cache.forgetKey('key_1');
    cache.put('a', key, before);
    expect(cache.get('a')).toBeUndefined();
  });

  it('looks again after seconds, in case word of a change was lost', async () => {
    const clock = new SimClock();
    const cache = createKeyCache(clock);
    cache.put('a', key, cache.generation());
    await clock.advance(4_900);
    expect(cache.get('a')).toBe(key);
    await clock.advance(200);
    expect(cache.get('a')).toBeUndefined();
  });
});
