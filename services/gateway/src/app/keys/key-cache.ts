import type { Clock } from '@suanli/kernel';
import type { KeyRecord } from '../../domain/key/decide-key.ts';

export type KeyCache = {
  get(secretSha256: string): KeyRecord | undefined;
  /** Ask before the look-up; pass to `put`, so that a key revoked meanwhile is not put back. */
  generation(): number;
  put(secretSha256: string, key: KeyRecord, generation: number): void;
  forgetKey(keyId: string): void;
  forgetMember(memberId: string): void;
  clear(): void;
};

/** Longest time that a change of another replica goes unnoticed when its message was lost. */
const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 10_000;

/** Keys that were looked up lately, so that a busy key does not cost a query for each request. */
export function createKeyCache(clock: Clock): KeyCache {
  const entries = new Map<string, { key: KeyRecord; untilMs: number }>();
  let generation = 0;

  function forget(isMeant: (key: KeyRecord) => boolean): void {
    generation += 1;
    for (const [sha256, { key }] of entries) if (isMeant(key)) entries.delete(sha256);
  }

  return {
    get(sha256) {
      const entry = entries.get(sha256);
      if (entry && entry.untilMs > clock.monotonicMs()) return entry.key;
      entries.delete(sha256);
      return undefined;
    },
    generation: () => generation,
    put(sha256, key, seenGeneration) {
      if (seenGeneration !== generation) return;
      const oldest = entries.keys().next();
      if (entries.size >= MAX_ENTRIES && !oldest.done) entries.delete(oldest.value);
      entries.set(sha256, { key, untilMs: clock.monotonicMs() + MAX_AGE_MS });
    },
    forgetKey: (keyId) => forget((key) => key.keyId === keyId),
    forgetMember: (memberId) => forget((key) => key.memberId === memberId),
    clear: () => forget(() => true),
  };
}
