import fc from 'fast-check';
import { systemClock } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { LedgerModel } from './ledger-model.ts';
import { createRunner, operations } from './operations.ts';
import type { BillingUnderTest } from '../under-test.ts';

/** The same commands against the model and against billing: equal answers, equal money, every promise kept, each time. */
export function modelSuite(make: () => Promise<BillingUnderTest>, runs: { numRuns: number; timeoutMs: number }): void {
  describe('the ledger against its model', () => {
    it('answers alike and keeps every promise after every operation of any sequence', {
      timeout: runs.timeoutMs,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(operations, async (sequence) => {
          await using billing = await make();
          const runner = createRunner(billing);
          const model = new LedgerModel();
          for (const operation of sequence) {
            const answer = await runner.run(operation);
            expect({ operation, answer, ...(await runner.look()) }).toEqual({
              operation,
              answer: model.run(operation),
              ...model.look(),
            });
            await billing.audit();
          }
        }),
        // Another seed each time: a failure is found again with the one that is printed.
        { numRuns: runs.numRuns, seed: seedOf() },
      );
    });
  });
}

/** `SUANLI_TEST_SEED` repeats a run. Printed, so that a pass can be repeated too. */
function seedOf(): number {
  const seed = Number(process.env.SUANLI_TEST_SEED ?? systemClock.now() % 2 ** 31);
  process.stdout.write(`seed of the ledger's model: ${seed}\n`);
  return seed;
}
