import { invariant } from '@suanli/kernel';
import { expect, it } from 'vitest';
import { assignPayment } from '../../src/app/recharges/assign-payment.ts';
import { receiveBankTransfers } from '../../src/app/recharges/receive-bank-transfers.ts';
import { refundRecharge } from '../../src/app/recharges/refund-recharge.ts';
import { syncDueRecharges } from '../../src/app/recharges/sync-due-recharges.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import type { BankTransfer } from '../../src/domain/recharge/incoming-payment.ts';
import { silentLogger } from '@suanli/test-kit';
import { NOW } from '../../src/testing/builders.ts';
import { balance, begin, ctxOf, type RechargesUnderTest, TENANT, YUAN } from './recharges-under-test.ts';

const DAY_MS = 86_400_000;
const BANK = 'bank_transfer';

/** Guarantees of bank transfers, for whatever keeps the rows. */
export function bankSuite(make: () => Promise<RechargesUnderTest>): void {
  const aTransfer = (changes: Partial<BankTransfer> = {}): BankTransfer => ({
    serialNumber: 'BANK-1',
    amountMicros: 100n * YUAN,
    currency: 'CNY',
    payer: 'Acme Ltd',
    note: '',
    bookedAt: NOW,
    ...changes,
  });
  async function tell(billing: RechargesUnderTest, ...transfers: BankTransfer[]) {
    const [first] = await receiveBankTransfers(billing.deps, transfers);
    invariant(first !== undefined, 'one transfer, one outcome');
    return first;
  }

  it('gives payee and code, and books what arrives once, however often it is told', async () => {
    await using billing = await make();
    const offered = await begin(billing, BANK, 100n * YUAN);
    expect(offered).toMatchObject({ status: 'pending', receivedMicros: 0n });
    expect(offered.instructions).toMatchObject({ payee_account: '6222 0000 0000 0000', reference: offered.reference });
    const told = aTransfer({ note: `recharge ${offered.reference}, thanks` });
    const first = await tell(billing, told);
    expect(first).toMatchObject({ kind: 'booked', payment: { rechargeId: offered.id } });
    expect(await tell(billing, told)).toEqual(first);
    await Promise.all(Array.from({ length: 5 }, () => receiveBankTransfers(billing.deps, [told, told])));
    expect(await balance(billing)).toBe(100n * YUAN);
    const after = await billing.deps.reads.recharge(offered.id, TENANT);
    expect(after).toMatchObject({ status: 'succeeded', receivedMicros: 100n * YUAN });
    await billing.audit();
  });

  it('refuses another body under a known serial number, and says where it differs', async () => {
    await using billing = await make();
    const { reference: note } = await begin(billing, BANK, 100n * YUAN);
    await tell(billing, aTransfer({ note }));
    const other = aTransfer({ note, amountMicros: 200n * YUAN, payer: 'Other' });
    expect(await tell(billing, other)).toEqual({
      kind: 'refused',
      reason: 'serial_number_reused',
      fields: ['amount_micros', 'payer'],
    });
    expect(await balance(billing)).toBe(100n * YUAN);
  });

  it('books what arrived, not what was asked for, and a second transfer with the same code too', async () => {
    await using billing = await make();
    const { reference: note, id } = await begin(billing, BANK, 100n * YUAN);
    await tell(billing, aTransfer({ note, amountMicros: 99n * YUAN }), aTransfer({ note, serialNumber: 'BANK-2' }));
    expect(await balance(billing)).toBe(199n * YUAN);
    expect(await billing.deps.reads.recharge(id)).toMatchObject({ receivedMicros: 199n * YUAN, status: 'succeeded' });
    await billing.audit();
  });

  it('keeps what nobody can place until an operator gives it to one account, once', async () => {
    await using billing = await make();
    const { deps } = billing;
    await begin(billing, BANK, 100n * YUAN);
    await begin(billing, BANK, 100n * YUAN, { accountId: 'acc_2' });
    const unplaced = await tell(billing, aTransfer({ note: 'no code at all' }));
    invariant(unplaced.kind === 'unmatched', 'nobody is meant');
    const { rows } = await deps.reads.incomingPayments({ limit: 10 }, 'unmatched');
    expect(rows).toMatchObject([{ serialNumber: 'BANK-1', reason: 'unknown_reference' }]);
    const give = (accountId: string) =>
      assignPayment(deps, ctxOf('operator'), { paymentId: unplaced.payment.id, accountId });
    expect(await give('acc_unknown')).toEqual({ kind: 'refused', reason: 'wallet_not_found' });
    const given = await give('acc_2');
    expect(given).toMatchObject({ kind: 'booked' });
    expect(await give('acc_2')).toEqual(given);
    expect(await give(TENANT.accountId)).toEqual({ kind: 'refused', reason: 'payment_assigned' });
    expect([await balance(billing), await balance(billing, 'acc_2')]).toEqual([0n, 100n * YUAN]);
    expect(await tell(billing, aTransfer({ note: 'no code at all' }))).toMatchObject({ kind: 'booked' });
    const missing = await assignPayment(deps, ctxOf('operator'), { paymentId: 'pay_none', accountId: 'acc_2' });
    expect(missing).toEqual({ kind: 'refused', reason: 'payment_not_found' });
    await billing.audit();
  });

  it('does not guess between two codes in one note', async () => {
    await using billing = await make();
    const mine = await begin(billing, BANK, 100n * YUAN);
    const other = await begin(billing, BANK, 100n * YUAN, { accountId: 'acc_2' });
    const told = await tell(billing, aTransfer({ note: `${mine.reference} ${other.reference}` }));
    expect(told.kind).toBe('unmatched');
  });

  it('books a transfer that arrives after the offer has expired', async () => {
    await using billing = await make();
    const { id, reference: note } = await begin(billing, BANK, 100n * YUAN);
    await billing.clock.advance(15 * DAY_MS);
    expect(await syncDueRecharges(billing.deps, silentLogger, 10)).toBe(1);
    expect(await billing.deps.reads.recharge(id)).toMatchObject({ status: 'expired' });
    expect(await syncDueRecharges(billing.deps, silentLogger, 10)).toBe(0);
    await tell(billing, aTransfer({ note }));
    expect(await billing.deps.reads.recharge(id)).toMatchObject({ status: 'succeeded' });
    expect(await balance(billing)).toBe(100n * YUAN);
  });

  it.each([
    ['a negative amount', { amountMicros: -1n * YUAN }, 'amount_out_of_range'],
    ['nothing', { amountMicros: 0n }, 'amount_out_of_range'],
    ['more than fits', { amountMicros: 1_000_000_000_010_000n }, 'amount_out_of_range'],
    ['a part of a fen', { amountMicros: 10_001n }, 'amount_not_whole_fen'],
    ['another currency', { currency: 'USD' }, 'currency_not_supported'],
    ['no serial number', { serialNumber: '' }, 'serial_number_invalid'],
    ['a serial number with a space', { serialNumber: 'A 1' }, 'serial_number_invalid'],
    ['a booking of the day after tomorrow', { bookedAt: NOW + 2 * DAY_MS }, 'booked_at_in_future'],
  ] as const)('refuses a transfer of %s and books the others of its batch', async (_what, changes, reason) => {
    await using billing = await make();
    const { reference: note } = await begin(billing, BANK, 100n * YUAN);
    const good = aTransfer({ note, serialNumber: 'GOOD' });
    const outcomes = await receiveBankTransfers(billing.deps, [aTransfer({ note, ...changes }), good]);
    expect(outcomes).toMatchObject([{ kind: 'refused', reason }, { kind: 'booked' }]);
    expect(await balance(billing)).toBe(100n * YUAN);
  });

  it.each([
    ['a part of a fen', { amountMicros: 15_000n }, 'amount_not_whole_fen'],
    ['nothing', { amountMicros: 0n }, 'amount_out_of_range'],
    ['less than nothing', { amountMicros: -10_000n }, 'amount_out_of_range'],
    ['too much', { amountMicros: 1_000_000_000_010_000n }, 'amount_out_of_range'],
    ['another currency', { currency: 'EUR' }, 'currency_not_supported'],
    ['another channel', { channel: 'cowries' }, 'recharge_channel_unavailable'],
  ] as const)('refuses to begin a recharge of %s', async (_what, changes, reason) => {
    await using billing = await make();
    const command = {
      requestId: '1',
      channel: BANK,
      amountMicros: YUAN,
      currency: 'CNY',
      serialNumber: '',
      ...changes,
    };
    expect(await recharge(billing.deps, ctxOf('acc_1'), command)).toEqual({ kind: 'refused', refusal: { reason } });
  });

  it('answers the same request with the same recharge, and another body with a conflict', async () => {
    await using billing = await make();
    const first = await begin(billing, BANK, YUAN, { requestId: 'r' });
    expect(await begin(billing, BANK, YUAN, { requestId: 'r' })).toMatchObject({
      id: first.id,
      instructions: first.instructions,
    });
    const other = { requestId: 'r', channel: BANK, amountMicros: 2n * YUAN, currency: 'CNY', serialNumber: '' };
    expect(await recharge(billing.deps, ctxOf('acc_1'), other)).toEqual({
      kind: 'refused',
      refusal: { reason: 'request_id_reused' },
    });
  });

  it('leaves a refund to an operator, counts it once, and never gives back more than came in', async () => {
    await using billing = await make();
    const { id, reference: note } = await begin(billing, BANK, 100n * YUAN);
    await tell(billing, aTransfer({ note }));
    const refund = { rechargeId: id, refundId: 'rfd_1', amountMicros: 60n * YUAN };
    const manual = { kind: 'pending', serialNumber: 'rfd_1', isManual: true };
    expect(await refundRecharge(billing.deps, refund)).toEqual(manual);
    expect(await refundRecharge(billing.deps, refund)).toEqual(manual);
    expect(await refundRecharge(billing.deps, { ...refund, refundId: 'rfd_2' })).toEqual({
      kind: 'refused',
      reason: 'refund_exceeds_recharge',
    });
    expect(await billing.deps.reads.recharge(id)).toMatchObject({ refundedMicros: 60n * YUAN });
    // Whoever pays out has taken the money from the wallet; this only says where it went.
    expect(await balance(billing)).toBe(100n * YUAN);
    await billing.audit();
  });
}
