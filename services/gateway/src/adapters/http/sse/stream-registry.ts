export type StreamRegistry = {
  /** Room for one more stream of this key; undefined when it has as many as it may. */
  open(keyId: string): OpenStream | undefined;
  count(): number;
  /** Ends the streams of a key that opens nothing any more. */
  endKey(keyId: string): void;
  /** Ends all streams: their clients come back to another replica. No new one is opened. */
  drain(): void;
};
export type OpenStream = Disposable & { signal: AbortSignal };

/** Counts the event streams of this replica, by key, and ends them when it stops. */
export function createStreamRegistry(maxPerKey: number): StreamRegistry {
  const byKey = new Map<string, Set<AbortController>>();
  let isDraining = false;

  return {
    open(keyId) {
      const ofKey = byKey.get(keyId) ?? new Set();
      if (isDraining || ofKey.size >= maxPerKey) return undefined;
      const ending = new AbortController();
      byKey.set(keyId, ofKey.add(ending));
      return {
        signal: ending.signal,
        [Symbol.dispose]() {
          ofKey.delete(ending);
          if (ofKey.size === 0 && byKey.get(keyId) === ofKey) byKey.delete(keyId);
        },
      };
    },
    count: () => [...byKey.values()].reduce((sum, ofKey) => sum + ofKey.size, 0),
    endKey(keyId) {
      for (const ending of byKey.get(keyId) ?? []) ending.abort();
    },
    drain() {
      isDraining = true;
      for (const ofKey of byKey.values()) for (const ending of ofKey) ending.abort();
    },
  };
}
