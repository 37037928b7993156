import { systemContext } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { type CreateVouchers, createVouchers } from '../../src/app/vouchers/create-vouchers.ts';
import { redeemVoucher } from '../../src/app/vouchers/redeem-voucher.ts';
import { withdrawVouchers } from '../../src/app/vouchers/withdraw-vouchers.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import { ATTEMPT_WINDOW_MS, MAX_FAILURES } from '../../src/domain/voucher/attempts.ts';
import { newVoucherCode } from '../../src/domain/voucher/voucher-code.ts';
import { aTenantPath, HOUR_MS, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

/** Vouchers, for whatever keeps the rows. */
export function voucherSuite(make: () => Promise<BillingUnderTest>): void {
  let requests = 0;
  const strange = newVoucherCode((size) => Uint8Array.from({ length: size }, (_, at) => at));

  async function aBatch({ deps }: BillingUnderTest, changes: Partial<CreateVouchers> = {}) {
    requests += 1;
    const terms = { amountMicros: 50n, codeCount: 2, redemptionsPerCode: 1, maxPerAccount: 1, priority: 5 };
    const words = { name: 'spring', reason: 'a campaign', applicability: ANYTHING };
    const result = await createVouchers(deps, 'operator', {
      requestId: `b${requests}`,
      ...terms,
      ...words,
      ...changes,
    });
    if (result.kind === 'refused') throw new Error(result.reason);
    return { batch: result.batch, codes: result.codes, code: result.codes[0] ?? '' };
  }

  async function redeem({ deps }: BillingUnderTest, code: string, accountId = 'acc_1', requestId?: string) {
    requests += 1;
    const ctx = systemContext(aTenantPath(accountId), 'test', new AbortController().signal);
    const result = await redeemVoucher(deps, ctx, { requestId: requestId ?? `r${requests}`, code });
    return result.kind === 'redeemed' ? result.lot : result.refusal.reason;
  }

  describe('a voucher', () => {
    it('becomes credit of an account, even of one that has no wallet yet', async () => {
      await using billing = await make();
      const { code, batch } = await aBatch(billing, { creditValidDays: 30 });
      const lot = await redeem(billing, code.toLowerCase());
      const expiresAt = NOW + 30 * 24 * HOUR_MS;
      expect(lot).toMatchObject({ kind: 'voucher', remainingMicros: 50n, reference: batch.id, expiresAt });
      expect(await billing.deps.reads.wallet('acc_1')).toMatchObject({ postedMicros: 50n, lotRemainingMicros: 50n });
      expect(await billing.deps.reads.voucherBatch(batch.id)).toMatchObject({ redemptions: 1 });
      await billing.audit();
    });

    it('is redeemed once: each way to try again has its own refusal', async () => {
      await using billing = await make();
      const { codes } = await aBatch(billing);
      const [one = '', other = ''] = codes;
      await redeem(billing, one, 'acc_1', 'same');
      expect(await redeem(billing, one, 'acc_1', 'same')).toMatchObject({ remainingMicros: 50n });
      expect(await redeem(billing, other, 'acc_1', 'same')).toBe('request_id_reused');
      expect(await redeem(billing, one)).toBe('voucher_already_redeemed');
      expect(await redeem(billing, one, 'acc_2')).toBe('voucher_used');
      expect(await redeem(billing, other)).toBe('voucher_limit_reached');
      expect(await redeem(billing, other, 'acc_2')).toMatchObject({ remainingMicros: 50n });
      expect(await billing.deps.reads.wallet('acc_1')).toMatchObject({ postedMicros: 50n });
      await billing.audit();
    });

    it('for many accounts is exhausted after as many as it is for', async () => {
      await using billing = await make();
      const { code } = await aBatch(billing, { codeCount: 1, redemptionsPerCode: 2 });
      await redeem(billing, code, 'acc_1');
      await redeem(billing, code, 'acc_2');
      expect(await redeem(billing, code, 'acc_3')).toBe('voucher_exhausted');
    });

    it('is taken at once by two accounts and given to one', async () => {
      await using billing = await make();
      const { code } = await aBatch(billing);
      const both = await Promise.all(['acc_1', 'acc_2'].map((accountId) => redeem(billing, code, accountId)));
      expect(both.filter((one) => one === 'voucher_used')).toHaveLength(1);
      await billing.audit();
    });

    it('is valid from its first instant to before its last', async () => {
      await using billing = await make();
      const { codes } = await aBatch(billing, { redeemFrom: NOW + 10, redeemUntil: NOW + 20, maxPerAccount: 2 });
      const [one = '', other = ''] = codes;
      await billing.clock.advance(9);
      expect(await redeem(billing, one)).toBe('voucher_not_yet_valid');
      await billing.clock.advance(1);
      expect(await redeem(billing, one)).toMatchObject({ remainingMicros: 50n });
      await billing.clock.advance(10);
      expect(await redeem(billing, other)).toBe('voucher_expired');
    });

    it('that was withdrawn is taken no longer; what was redeemed stays', async () => {
      await using billing = await make();
      const { batch, codes } = await aBatch(billing, { maxPerAccount: 2 });
      await redeem(billing, codes[0] ?? '');
      await withdrawVouchers(billing.deps, batch.id);
      expect(await redeem(billing, codes[1] ?? '')).toBe('voucher_withdrawn');
      expect(await billing.deps.reads.wallet('acc_1')).toMatchObject({ postedMicros: 50n });
      expect(await withdrawVouchers(billing.deps, 'vou_none')).toBeUndefined();
    });

    it('cannot be guessed: after some strange codes none is taken for a while, and typing mistakes do not count', async () => {
      await using billing = await make();
      const { code } = await aBatch(billing);
      for (let tries = 0; tries < 2 * MAX_FAILURES; tries++) {
        expect(await redeem(billing, `${code}X`)).toBe('voucher_code_malformed');
      }
      for (let tries = 0; tries < MAX_FAILURES; tries++) expect(await redeem(billing, strange)).toBe('voucher_unknown');
      expect(await redeem(billing, strange)).toBe('voucher_attempts_exceeded');
      expect(await redeem(billing, code)).toBe('voucher_attempts_exceeded');
      expect(await redeem(billing, code, 'acc_2')).toMatchObject({ remainingMicros: 50n });
      await billing.clock.advance(ATTEMPT_WINDOW_MS);
      expect(await redeem(billing, strange)).toBe('voucher_unknown');
    });

    it('is shown once: who asks again gets the batch without its codes', async () => {
      await using billing = await make();
      const { batch } = await aBatch(billing, { requestId: 'again' });
      expect(await aBatch(billing, { requestId: 'again' })).toMatchObject({ batch: { id: batch.id }, codes: [] });
      await expect(aBatch(billing, { requestId: 'again', codeCount: 3 })).rejects.toThrow('request_id_reused');
    });

    it.each([
      ['of nothing', { amountMicros: 0n }, 'amount_out_of_range'],
      ['without codes', { codeCount: 0 }, 'count_out_of_range'],
      ['with too many codes', { codeCount: 10_001 }, 'count_out_of_range'],
      ['for nobody', { redemptionsPerCode: 0 }, 'count_out_of_range'],
      ['good for half a day', { creditValidDays: 0.5 }, 'count_out_of_range'],
      ['that is over', { redeemUntil: NOW }, 'expiry_in_past'],
      ['that ends before it begins', { redeemFrom: NOW + 9, redeemUntil: NOW + 9 }, 'expiry_in_past'],
      ['of an odd priority', { priority: 0 }, 'priority_out_of_range'],
      ['for no reason', { reason: '' }, 'reason_missing'],
    ])('is not made: a batch %s', async (_story, changes, reason) => {
      await using billing = await make();
      await expect(aBatch(billing, changes)).rejects.toThrow(reason);
    });
  });
}
