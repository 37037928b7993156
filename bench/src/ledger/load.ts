/** A closed loop of callers, and how long each of their calls took. */
export type Measured = { perSecond: number; p50Ms: number; p99Ms: number };

export type Load = {
  callers: number;
  warmUpMs: number;
  measureMs: number;
  /** One call; answers how many units of work it did. Throws when any of them was not done. */
  call(caller: number): Promise<number>;
};

/** Counts what calls that ended inside the window did. */
export async function measure({ callers, warmUpMs, measureMs, call }: Load): Promise<Measured> {
  const startsAt = performance.now() + warmUpMs;
  const endsAt = startsAt + measureMs;
  const latencies: number[] = [];
  let done = 0;
  const loop = async (caller: number) => {
    while (performance.now() < endsAt) {
      const from = performance.now();
      const units = await call(caller);
      const to = performance.now();
      if (to < startsAt || to > endsAt) continue;
      done += units;
      latencies.push(to - from);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
  return { perSecond: (done * 1_000) / measureMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
