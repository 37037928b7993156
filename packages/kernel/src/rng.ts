/** A source of chance, given as an argument: simulations and tests seed it. */
export interface Rng {
  /** A number in [0, 1). */
  next(): number;
}

/** Small seeded generator (mulberry32, public domain by Tommy Ettinger): for jitter and simulation, not for secrets. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
