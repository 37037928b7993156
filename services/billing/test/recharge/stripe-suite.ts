import { invariant } from '@suanli/kernel';
import { silentLogger } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { assignPayment } from '../../src/app/recharges/assign-payment.ts';
import { receiveWebhook } from '../../src/app/recharges/receive-webhook.ts';
import { refundRecharge } from '../../src/app/recharges/refund-recharge.ts';
import { syncDueRecharges } from '../../src/app/recharges/sync-due-recharges.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import type { Recharge } from '../../src/domain/recharge/recharge.ts';
import { HOUR_MS } from '../../src/testing/builders.ts';
import type { SignedEvent } from '../../src/testing/fake-stripe.ts';
import { balance, begin, ctxOf, OLD_SECRET, type RechargesUnderTest, TENANT, YUAN } from './recharges-under-test.ts';

const AMOUNT = 100n * YUAN;
const FEN = 10_000;
const AWAY = 'stripe did not answer';

/** Guarantees of recharges through Stripe, for whatever keeps the rows, against a fake behind real HTTP. */
export function stripeSuite(make: () => Promise<RechargesUnderTest>): void {
  const hear = ({ deps }: RechargesUnderTest, webhook: SignedEvent) =>
    receiveWebhook(deps, { channel: 'stripe', webhook });
  const news = ({ stripe }: RechargesUnderTest, { providerId }: Recharge, type = 'payment_intent.succeeded') =>
    stripe.event(type, stripe.intents.get(providerId) ?? {});
  const look = async ({ deps }: RechargesUnderTest, { id }: Recharge) => {
    const found = await deps.reads.recharge(id);
    invariant(found !== undefined, 'the recharge is there');
    return found;
  };
  async function paid(billing: RechargesUnderTest): Promise<Recharge> {
    const offered = await begin(billing, 'stripe', AMOUNT);
    billing.stripe.pay(offered.providerId);
    await hear(billing, news(billing, offered));
    return offered;
  }
  const standing = async ({ deps }: RechargesUnderTest) => (await deps.reads.wallet(TENANT.accountId))?.standing;
  const owed = ({ deps }: RechargesUnderTest) => deps.reads.debt(TENANT.accountId);

  it('makes one payment intent per recharge and books it once, however often and whenever it is told', async () => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    expect(offered).toMatchObject({ status: 'pending', instructions: { payment_intent: offered.providerId } });
    expect(billing.stripe.intents.get(offered.providerId)).toMatchObject({ amount: FEN, currency: 'cny' });
    expect(await hear(billing, news(billing, offered, 'payment_intent.created'))).toMatchObject({ kind: 'synced' });
    expect(await balance(billing)).toBe(0n);
    billing.stripe.pay(offered.providerId);
    const told = news(billing, offered);
    await Promise.all([hear(billing, told), hear(billing, told), hear(billing, news(billing, offered))]);
    await hear(billing, news(billing, offered, 'payment_intent.created'));
    expect(await balance(billing)).toBe(AMOUNT);
    expect(await look(billing, offered)).toMatchObject({ status: 'succeeded', receivedMicros: AMOUNT });
    await billing.audit();
  });

  it('finds out about a payment whose webhooks were all lost', async () => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    await billing.clock.advance(16_000);
    expect(await syncDueRecharges(billing.deps, silentLogger, 10)).toBe(1);
    expect(await syncDueRecharges(billing.deps, silentLogger, 10)).toBe(0);
    billing.stripe.pay(offered.providerId);
    await billing.clock.advance(HOUR_MS);
    await syncDueRecharges(billing.deps, silentLogger, 10);
    expect(await balance(billing)).toBe(AMOUNT);
  });

  it.each([
    ['never answers', ['timeout', 'timeout'] as const],
    ['fails', ['fail', 'fail'] as const],
    ['does the work but fails to say so', ['fail_after_effect', 'fail_after_effect'] as const],
  ])('goes on from its own row when Stripe %s, with one payment intent in the end', async (_what, faults) => {
    await using billing = await make();
    billing.stripe.faults.push(...faults);
    await expect(begin(billing, 'stripe', AMOUNT, { requestId: 'r' })).rejects.toThrow(AWAY);
    const offered = await begin(billing, 'stripe', AMOUNT, { requestId: 'r' });
    expect(offered.status).toBe('pending');
    expect([...billing.stripe.intents.keys()]).toEqual([offered.providerId]);
  });

  it('goes on by itself when nobody asks again, and holds up nobody while Stripe is away', async () => {
    await using billing = await make();
    billing.stripe.faults.push('fail', 'fail', 'fail', 'fail');
    await expect(begin(billing, 'stripe', AMOUNT)).rejects.toThrow(AWAY);
    await billing.clock.advance(16_000);
    await syncDueRecharges(billing.deps, silentLogger, 10); // Stripe is still away.
    await billing.clock.advance(HOUR_MS);
    await syncDueRecharges(billing.deps, silentLogger, 10);
    const { rows } = await billing.deps.reads.recharges(TENANT, { limit: 5 }, 'pending');
    expect(rows).toHaveLength(1);
    expect(billing.stripe.intents.size).toBe(1);
  });

  it('books a payment whose news came before the answer to our own call', async () => {
    await using billing = await make();
    billing.stripe.faults.push('fail_after_effect', 'fail_after_effect');
    await expect(begin(billing, 'stripe', AMOUNT, { requestId: 'r' })).rejects.toThrow(AWAY);
    const [intent] = billing.stripe.intents.values();
    invariant(intent !== undefined, 'Stripe has done it');
    billing.stripe.pay(intent.id);
    await hear(billing, billing.stripe.event('payment_intent.succeeded', intent));
    expect(await balance(billing)).toBe(AMOUNT);
    expect(await begin(billing, 'stripe', AMOUNT, { requestId: 'r' })).toMatchObject({
      status: 'succeeded',
      instructions: { payment_intent: intent.id },
    });
    expect(await balance(billing)).toBe(AMOUNT);
    await billing.audit();
  });

  it('books a refund that is heard of before the payment after it, and both once', async () => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    billing.stripe.pay(offered.providerId);
    const refund = billing.stripe.refundByHand(offered.providerId, 4_000);
    await hear(billing, billing.stripe.event('refund.created', refund));
    await hear(billing, news(billing, offered));
    expect(await balance(billing)).toBe(60n * YUAN);
    expect(await look(billing, offered)).toMatchObject({ receivedMicros: AMOUNT, refundedMicros: 40n * YUAN });
    await billing.audit();
  });

  it('puts back the money of a refund that failed', async () => {
    await using billing = await make();
    const offered = await paid(billing);
    const refund = billing.stripe.refundByHand(offered.providerId, 4_000);
    await hear(billing, billing.stripe.event('refund.created', refund));
    refund.status = 'failed';
    await hear(billing, billing.stripe.event('refund.failed', refund));
    expect(await balance(billing)).toBe(AMOUNT);
    expect(await look(billing, offered)).toMatchObject({ refundedMicros: 0n });
    await billing.audit();
  });

  it('takes a disputed payment out of free cash only; the rest is owed, and paid first by new money', async () => {
    await using billing = await make();
    const offered = await paid(billing);
    const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
    const expiresAt = billing.clock.now() + HOUR_MS;
    const hold = { requestId: 'h', tenant: TENANT, amountMicros: 70n * YUAN, expiresAt, purpose };
    await placeHolds(billing.deps, [hold]);
    const dispute = billing.stripe.dispute(offered.providerId, 10_000);
    const told = billing.stripe.event('charge.dispute.created', dispute);
    await Promise.all([hear(billing, told), hear(billing, told)]);
    expect([await balance(billing), await owed(billing)]).toEqual([70n * YUAN, 70n * YUAN]);
    expect(await standing(billing)).toMatchObject({ state: 'warned', reason: 'debt_owed' });
    expect(await look(billing, offered)).toMatchObject({ disputedMicros: AMOUNT, status: 'succeeded' });
    await billing.audit();
    await begin(billing, 'development', 50n * YUAN);
    expect([await balance(billing), await owed(billing)]).toEqual([70n * YUAN, 20n * YUAN]);
    expect(await standing(billing)).toMatchObject({ state: 'warned' });
    dispute.status = 'won';
    await hear(billing, billing.stripe.event('charge.dispute.closed', dispute));
    expect([await balance(billing), await owed(billing)]).toEqual([150n * YUAN, 0n]);
    expect(await standing(billing)).toMatchObject({ state: 'ok', reason: 'recharged' });
    await billing.audit();
  });

  it('takes nothing for an inquiry, and hears of a dispute whose webhooks were lost', async () => {
    await using billing = await make();
    const offered = await paid(billing);
    const dispute = billing.stripe.dispute(offered.providerId, 10_000);
    dispute.status = 'warning_needs_response';
    await hear(billing, billing.stripe.event('charge.dispute.created', dispute));
    expect(await balance(billing)).toBe(AMOUNT);
    dispute.status = 'needs_response';
    await billing.clock.advance(24 * HOUR_MS);
    await syncDueRecharges(billing.deps, silentLogger, 10);
    expect(await balance(billing)).toBe(0n);
  });

  it.each([
    ['amount', { amount: 9_999 }, 'amount_mismatch'],
    ['currency', { currency: 'usd' }, 'currency_mismatch'],
  ] as const)('leaves a payment of another %s to an operator, told once', async (_what, different, reason) => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    billing.stripe.pay(offered.providerId, different);
    await hear(billing, news(billing, offered));
    await hear(billing, news(billing, offered));
    const { rows } = await billing.deps.reads.incomingPayments({ limit: 5 }, 'unmatched');
    expect(rows).toMatchObject([{ reason, serialNumber: offered.providerId, rechargeId: offered.id }]);
    expect([await balance(billing), (await look(billing, offered)).reason]).toEqual([0n, reason]);
    const assign = (accountId: string) =>
      assignPayment(billing.deps, ctxOf('operator'), { paymentId: rows[0]?.id ?? '', accountId });
    const isMoneyOfOurs = reason === 'amount_mismatch';
    const other = isMoneyOfOurs ? 'payment_of_another_account' : 'currency_not_supported';
    expect(await assign('acc_2')).toEqual({ kind: 'refused', reason: other });
    expect((await assign(TENANT.accountId)).kind).toBe(isMoneyOfOurs ? 'booked' : 'refused');
    await hear(billing, news(billing, offered));
    expect(await balance(billing)).toBe(isMoneyOfOurs ? 99_990_000n : 0n);
    await billing.audit();
  });

  it('withdraws an offer that has ended, so that it cannot be paid any more', async () => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    await billing.clock.advance(25 * HOUR_MS);
    await syncDueRecharges(billing.deps, silentLogger, 10);
    expect(await look(billing, offered)).toMatchObject({ status: 'expired' });
    expect(billing.stripe.intents.get(offered.providerId)?.status).toBe('canceled');
  });

  it('fails a recharge that Stripe refuses for good', async () => {
    await using billing = await make();
    expect(await begin(billing, 'stripe', YUAN)).toMatchObject({ status: 'failed', reason: 'amount_too_small' });
    await billing.clock.advance(HOUR_MS);
    expect(await syncDueRecharges(billing.deps, silentLogger, 10)).toBe(0);
  });

  it.each([
    ['a part of a fen', 15_000n, 'amount_not_whole_fen'],
    ['more than eight digits of fen', 1_000_000n * YUAN, 'amount_out_of_range'],
  ] as const)('refuses %s', async (_what, amountMicros, reason) => {
    await using billing = await make();
    const command = { requestId: '1', channel: 'stripe', amountMicros, currency: 'CNY', serialNumber: '' };
    expect(await recharge(billing.deps, ctxOf('acc_1'), command)).toEqual({ kind: 'refused', refusal: { reason } });
    expect(billing.stripe.calls).toEqual([]);
  });

  it('believes either secret while they change, and nothing else', async () => {
    await using billing = await make();
    const offered = await begin(billing, 'stripe', AMOUNT);
    billing.stripe.pay(offered.providerId);
    const signed = (options: { secret?: string; atMs?: number }) =>
      billing.stripe.event('payment_intent.succeeded', billing.stripe.intents.get(offered.providerId) ?? {}, options);
    const now = billing.clock.now();
    const bad: [SignedEvent, string][] = [
      [signed({ secret: 'whsec_forged' }), 'webhook_signature_invalid'],
      [{ ...signed({}), headers: {} }, 'webhook_signature_invalid'],
      [{ ...signed({}), body: Buffer.from('{}') }, 'webhook_signature_invalid'],
      [signed({ atMs: now - 301_000 }), 'webhook_signature_expired'],
      [signed({ atMs: now + 301_000 }), 'webhook_signature_in_future'],
    ];
    for (const [event, reason] of bad) expect(await hear(billing, event)).toEqual({ kind: 'refused', reason });
    expect(await balance(billing)).toBe(0n);
    expect(await hear(billing, signed({ secret: OLD_SECRET }))).toMatchObject({ kind: 'synced' });
    expect(await balance(billing)).toBe(AMOUNT);
  });

  it('ignores what is not about a recharge of ours', async () => {
    await using billing = await make();
    const foreign = { id: 'pi_foreign', object: 'payment_intent', metadata: {} };
    const named = { ...foreign, metadata: { suanli_recharge_id: 'rch_of_another_place' } };
    for (const [type, object] of [
      ['payment_intent.succeeded', foreign],
      ['payment_intent.succeeded', named],
      ['refund.created', { id: 're_1', object: 'refund', payment_intent: null }],
      ['customer.created', { id: 'cus_1', object: 'customer' }],
    ] as const) {
      expect(await hear(billing, billing.stripe.event(type, object))).toEqual({ kind: 'ignored' });
    }
    expect(billing.stripe.calls).toEqual([]);
  });

  it('refunds through Stripe once per refund id, and its own news of it takes no money again', async () => {
    await using billing = await make();
    const offered = await paid(billing);
    const refund = { rechargeId: offered.id, refundId: 'rfd_1', amountMicros: 30n * YUAN };
    billing.stripe.faults.push('fail', 'fail');
    await expect(refundRecharge(billing.deps, refund)).rejects.toThrow(AWAY);
    const done = await refundRecharge(billing.deps, refund);
    expect(done).toMatchObject({ kind: 'done' });
    expect(await refundRecharge(billing.deps, refund)).toEqual(done);
    const [made] = billing.stripe.refunds.values();
    await hear(billing, billing.stripe.event('refund.created', made ?? {}));
    expect(billing.stripe.refunds.size).toBe(1);
    expect(await balance(billing)).toBe(AMOUNT);
    expect(await look(billing, offered)).toMatchObject({ refundedMicros: 30n * YUAN });
    await billing.audit();
  });
}
