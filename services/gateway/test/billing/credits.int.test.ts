import { failedPrecondition, notFound, refuse, resourceExhausted } from '@suanli/grpc-kit';
import {
  type CreateVouchersRequest,
  type GrantCreditRequest,
  VoucherBatch,
} from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import { CreditLot, CreditLotMovement } from '@suanli/proto/suanli/billing/v1/credits.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';
import { aWallet } from '../support/samples.ts';

const AT = new Date('2026-02-28T00:00:00Z');
const lot = CreditLot.create({
  lotId: 'lot_1',
  kind: 'voucher',
  status: 'active',
  applicability: { products: ['job'], items: [], regions: [] },
  remainingMicros: 9_007_199_254_740_993n,
  expiresAt: AT,
});
const batch = VoucherBatch.create({ batchId: 'vou_1', name: 'spring', codeCount: 1 });
const seen: { method: string; request: GrantCreditRequest | CreateVouchersRequest }[] = [];
let lab: Lab;
let acme: Tenant;

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      wallet: { getWallet: async () => ({ wallet: aWallet() }) },
      credits: {
        listCreditLots: async () => ({ lots: [lot], page: { hasMore: true, nextCursor: 'next' } }),
        getCreditLot: async (_ctx, { lotId }: { lotId: string }) =>
          lotId === 'lot_1' ? { lot } : refuse(notFound('CREDIT_LOT_NOT_FOUND', 'no such credit lot')),
        listCreditLotMovements: async () => ({
          movements: [CreditLotMovement.create({ kind: 'charge', remainingMicros: -7n, reference: 'bil_1' })],
          page: { hasMore: false, nextCursor: '' },
        }),
        redeemVoucher: async (_ctx, { code }: { code: string }) => {
          if (code === 'used') return refuse(failedPrecondition('VOUCHER_USED', 'redeemed by another account'));
          const waits = resourceExhausted('VOUCHER_ATTEMPTS_EXCEEDED', 'too many', { retry_after_ms: 9 });
          return code === 'guess' ? refuse(waits) : { lot };
        },
      },
      creditAdmin: {
        grantCredit: async (_ctx, request: GrantCreditRequest) => {
          seen.push({ method: 'grant', request });
          return { lot };
        },
        createVouchers: async (_ctx, request: CreateVouchersRequest) => {
          seen.push({ method: 'vouchers', request });
          return { batch, codes: ['AAAAA-AAAAA-AAAAA-AAAAA'] };
        },
        listVoucherBatches: async () => ({ batches: [batch], page: { hasMore: false, nextCursor: '' } }),
        withdrawVouchers: async () => ({ batch: { ...batch, withdrawnAt: AT } }),
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('credit over REST', () => {
  it('is told apart from cash, lot by lot, with what it was used for', async () => {
    const wallet = await acme.rest.get('/v1/wallet');
    expect(wallet.body).toMatchObject({ cash_micros: '9007199254740992', credit_micros: '1' });
    const list = await acme.rest.get('/v1/credit-lots?status=active');
    const shown = { id: 'lot_1', remaining_micros: '9007199254740993', expires_at: AT.toISOString() };
    expect(list.body).toMatchObject({ data: [shown], has_more: true, next_cursor: 'next' });
    const one = await acme.rest.get('/v1/credit-lots/lot_1');
    const movements = [{ kind: 'charge', remaining_micros: '-7', reference: 'bil_1' }];
    expect(one.body).toMatchObject({ ...shown, applicability: { products: ['job'] }, movements });
    expect((await acme.rest.get('/v1/credit-lots/lot_1/movements')).body).toMatchObject({ data: movements });
    expect((await acme.rest.get('/v1/credit-lots/lot_2')).body).toMatchObject({ code: 'credit_lot_not_found' });
    expect((await acme.rest.get('/v1/credit-lots?status=odd')).status).toBe(400);
  });

  it('comes from a voucher, and each refusal says what to do', async () => {
    const redeem = (code: string) => acme.rest.post('/v1/vouchers/redeem', { code });
    const done = await redeem('good');
    expect([done.status, done.headers.get('location')]).toEqual([201, '/v1/credit-lots/lot_1']);
    expect([(await redeem('used')).status, (await redeem('used')).body]).toMatchObject([409, { code: 'voucher_used' }]);
    const guessed = await redeem('guess');
    expect([guessed.status, guessed.body]).toMatchObject([
      429,
      { code: 'voucher_attempts_exceeded', details: { retry_after_ms: '9' } },
    ]);
  });
});

describe('credit that an operator gives', () => {
  const grant = {
    account_id: 'acc_1',
    amount_micros: '5',
    reason: 'an outage',
    expires_at: '2028-02-29T08:00:00+08:00',
  };

  it('has its terms and who gave it', async () => {
    expect((await lab.operator.post('/v1/admin/credit-lots', grant)).status).toBe(201);
    expect(seen.at(-1)).toMatchObject({
      method: 'grant',
      request: {
        accountId: 'acc_1',
        kind: 'promotional',
        amountMicros: 5n,
        priority: 10,
        reason: 'an outage',
        expiresAt: new Date('2028-02-29T00:00:00Z'),
        operatorId: expect.stringMatching(/./),
        requestId: expect.stringMatching(/./),
      },
    });
  });

  it.each([
    ['a negative amount', { amount_micros: '-5' }],
    ['nothing', { amount_micros: '0' }],
    ['an amount that is no whole number', { amount_micros: '1.5' }],
    ['a priority of none', { priority: 0 }],
    ['no reason', { reason: ' ' }],
    ['the 29th of February of another year', { expires_at: '2027-02-29T00:00:00Z' }],
    ['a field nobody knows', { amount: '5' }],
  ])('is refused with %s', async (_what, change) => {
    expect((await lab.operator.post('/v1/admin/credit-lots', { ...grant, ...change })).status).toBe(400);
  });

  it('and vouchers of a campaign, whose codes are in the one answer', async () => {
    const body = { name: 'spring', amount_micros: '5', code_count: 1, reason: 'a campaign' };
    const made = await lab.operator.post('/v1/admin/vouchers', body);
    expect([made.status, made.body]).toMatchObject([
      201,
      { batch: { id: 'vou_1' }, codes: ['AAAAA-AAAAA-AAAAA-AAAAA'] },
    ]);
    expect(seen.at(-1)).toMatchObject({ request: { redemptionsPerCode: 1, maxPerAccount: 1, creditValidDays: 0 } });
    expect((await lab.operator.get('/v1/admin/vouchers')).body).toMatchObject({ data: [{ id: 'vou_1' }] });
    const withdrawn = await lab.operator.post('/v1/admin/vouchers/vou_1/withdraw', {});
    expect(withdrawn.body).toMatchObject({ withdrawn_at: AT.toISOString() });
    expect((await lab.operator.post('/v1/admin/vouchers', { ...body, code_count: 10_001 })).status).toBe(400);
  });

  it('is no tenant’s to give', async () => {
    expect((await acme.rest.post('/v1/admin/credit-lots', grant)).status).toBe(403);
    expect((await acme.rest.get('/v1/admin/vouchers')).status).toBe(403);
  });
});
