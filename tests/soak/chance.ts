import { seededRng, type Rng } from '@suanli/kernel';

/** How long a soak goes on, and what its chances are: `SEED=…` of an earlier run repeats them. */
export const soakSeconds = Number(process.env['SOAK_SECONDS'] ?? 600);
export const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

export function soakRng(): Rng {
  return seededRng(seed);
}

/** One of them, each as likely as the others. */
export function pick<T>(rng: Rng, from: readonly T[]): T {
  const [chosen] = from.slice(Math.floor(rng.next() * from.length));
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
}
