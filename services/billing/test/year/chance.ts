import { seededRng } from '@suanli/kernel';

/** Seeded decisions with names that read well. */
export type Chance = ReturnType<typeof chanceOf>;

/** The chance of one thing of one seed: independent of what else was decided, so a part of a year can be planned alone. */
export function chanceOf(...parts: readonly (number | string)[]) {
  const rng = seededRng(hashOf(parts.join('/')));
  const below = (count: number) => Math.floor(rng.next() * count);
  return {
    /** True in so many of a hundred cases. */
    percent: (of: number) => rng.next() * 100 < of,
    /** A whole number from `from` up to, not including, `to`. */
    between: (from: number, to: number) => from + below(to - from),
    pick: <T>(from: readonly T[]): T => {
      const chosen = from[below(from.length)];
      if (chosen === undefined) throw new Error('there is nothing to choose from');
      return chosen;
    },
    shuffled: <T>(items: readonly T[]): T[] => {
      const mixed = [...items];
      for (let last = mixed.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
      }
      return mixed;
    },
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
