export type StreamRegistry = {
  /** Room for one more stream of this key; undefined when it has as many as it may. */
  open(keyId: string): OpenStream | undefined;
  count(): number;
  /** Ends all streams: their clients come back to another replica. No new one is opened. */
  drain(): void;
};
export type OpenStream = Disposable & { signal: AbortSignal };

/** Counts the event streams of this replica, by key, and ends them when it stops. */
export function createStreamRegistry(maxPerKey: number): StreamRegistry {
  const byKey = new Map<string, number>();
  const open = new Set<AbortController>();
  let isDraining = false;

  return {
    open(keyId) {
      const count = byKey.get(keyId) ?? 0;
      if (isDraining || count >= maxPerKey) return undefined;
      byKey.set(keyId, count + 1);
      const ending = new AbortController();
      open.add(ending);
      return {
        signal: ending.signal,
        [Symbol.dispose]() {
          if (!open.delete(ending)) return;
          const left = (byKey.get(keyId) ?? 1) - 1;
          if (left === 0) byKey.delete(keyId);
          else byKey.set(keyId, left);
        },
      };
    },
    count: () => open.size,
    drain() {
      isDraining = true;
      for (const ending of open) ending.abort();
    },
  };
}
