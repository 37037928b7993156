import fc from 'fast-check';
import { silentLogger } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { receiveWebhook } from '../../src/app/recharges/receive-webhook.ts';
import { syncDueRecharges } from '../../src/app/recharges/sync-due-recharges.ts';
import type { FakeStripe } from '../../src/testing/fake-stripe.ts';
import { balance, begin, rechargesInMemory, TENANT, YUAN } from './recharges-under-test.ts';

const OPERATIONS = [
  'begin',
  'pay',
  'refund',
  'fail_refund',
  'dispute',
  'win',
  'tell',
  'tell_refund',
  'break',
  'wait',
] as const;
const DAY_MS = 86_400_000;
const FEN = 10_000n;

/** What Stripe holds of the payers' money now: the whole model. */
function heldByStripe({ intents, refunds, disputes }: FakeStripe): bigint {
  const received = [...intents.values()].map((one) => (one.status === 'succeeded' ? one.amount_received : 0));
  const refunded = [...refunds.values()].map((one) => (one.status === 'failed' ? 0 : -one.amount));
  const disputed = [...disputes.values()].map((one) => (one.status === 'won' ? 0 : -one.amount));
  return BigInt([...received, ...refunded, ...disputed].reduce((sum, fen) => sum + fen, 0)) * FEN;
}

it('whatever happens at Stripe and however it is told, in the end wallet less debt is what Stripe holds', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...OPERATIONS), fc.nat(9)), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, async (operations) => {
      await using billing = await rechargesInMemory();
      const { stripe, deps, clock } = billing;
      const hear = (object: object, type: string) =>
        receiveWebhook(deps, { channel: 'stripe', webhook: stripe.event(type, object) }).catch(() => undefined);
      const nth = <T>(all: Map<string, T>, at: number): T | undefined => [...all.values()][at % Math.max(1, all.size)];
      for (const [step, [operation, at]] of operations.entries()) {
        const intent = nth(stripe.intents, at);
        const refund = nth(stripe.refunds, at);
        const dispute = nth(stripe.disputes, at);
        const isPaid = intent?.status === 'succeeded';
        if (operation === 'begin') await begin(billing, 'stripe', 10n * YUAN, { requestId: `r${step}` }).catch(() => 0);
        if (operation === 'pay' && intent?.status === 'requires_payment_method') stripe.pay(intent.id);
        if (operation === 'refund' && isPaid) stripe.refundByHand(intent.id, 100);
        if (operation === 'fail_refund' && refund) refund.status = 'failed';
        if (operation === 'dispute' && isPaid) stripe.dispute(intent.id, 200);
        if (operation === 'win' && dispute) dispute.status = 'won';
        if (operation === 'tell' && intent) await hear(intent, 'payment_intent.succeeded');
        if (operation === 'tell_refund' && refund) await hear(refund, 'refund.created');
        if (operation === 'break') stripe.faults.push('fail');
        if (operation === 'wait') {
          await clock.advance(3_600_000);
          await syncDueRecharges(deps, silentLogger, 50);
        }
      }
      stripe.faults.length = 0;
      for (let day = 0; day < 3; day++) {
        await clock.advance(DAY_MS);
        await syncDueRecharges(deps, silentLogger, 50);
      }
      const owed = await deps.reads.debt(TENANT.accountId);
      expect((await balance(billing)) - owed).toBe(heldByStripe(stripe));
      await billing.audit();
    }),
    { numRuns: 60 },
  );
}, 60_000);
