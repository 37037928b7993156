import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { LiveAttempt, LiveWork } from '../domain/hold/match-workloads.ts';

const asOf = z.iso.datetime().transform((text) => Date.parse(text));
const attempt = z.strictObject({
  workloadId: z.string().min(1),
  epoch: z.int(),
  phase: z.string(),
  holdId: z.string().min(1).nullable(),
});
const line = z.union([
  z.strictObject({ asOf, attempts: z.array(attempt) }),
  z.strictObject({ asOf, total: z.int().min(0) }),
]);

/** Reads what the scheduler's verify prints: pages of attempts, one JSON object a line, then their total. */
export async function readLiveWork(input: Readable): Promise<LiveWork> {
  const attempts: LiveAttempt[] = [];
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const said = line.parse(JSON.parse(text));
    if ('attempts' in said) {
      for (const { holdId, ...rest } of said.attempts) attempts.push({ ...rest, ...(holdId !== null && { holdId }) });
      continue;
    }
    if (said.total !== attempts.length) throw new Error(`${attempts.length} attempts came of ${said.total}`);
    return { asOf: said.asOf, attempts };
  }
  // Half an answer would make holds look like nobody's.
  throw new Error('the list of live attempts has no end');
}
