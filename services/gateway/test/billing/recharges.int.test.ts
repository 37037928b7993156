import { failedPrecondition, invalidArgument, refuse } from '@suanli/grpc-kit';
import {
  type BankTransfer,
  BankTransferResult,
  IncomingPayment,
  RechargeDetail,
  RechargeMovement,
} from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';
import { aWallet } from '../support/samples.ts';

const AT = new Date('2026-01-01T00:00:00Z');
const seen: { method: string; request: unknown }[] = [];
let lab: Lab;
let acme: Tenant;

const offered = RechargeDetail.create({
  rechargeId: 'rch_1',
  channel: 'bank_transfer',
  status: 'pending',
  reference: 'SL0000000000000',
  instructions: { payee_name: 'Suanli' },
  amountMicros: 5_000_000n,
  currency: 'CNY',
  expiresAt: AT,
});
const payment = IncomingPayment.create({
  paymentId: 'pay_1',
  serialNumber: 'B1',
  amountMicros: 1n,
  state: 'unmatched',
});

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      recharges: {
        createRecharge: async () => ({ recharge: offered, wallet: aWallet() }),
        getRecharge: async () => ({
          recharge: { ...offered, movements: [RechargeMovement.create({ kind: 'receipt', amountMicros: 5_000_000n })] },
        }),
        listRecharges: async (_ctx, request: object) => {
          seen.push({ method: 'list', request });
          return { recharges: [offered], page: { hasMore: false, nextCursor: '' } };
        },
        listRechargeChannels: async () => ({ channels: [{ name: 'stripe', kind: 'waiting', currency: 'CNY' }] }),
        getDebt: async () => ({ owedMicros: 7n, currency: 'CNY' }),
      },
      bankTransfers: {
        postBankTransfers: async (_ctx, { transfers }: { transfers: BankTransfer[] }) => ({
          results: transfers.map(({ serialNumber }) =>
            BankTransferResult.create({
              serialNumber,
              outcome: serialNumber.startsWith('BAD')
                ? {
                    $case: 'refusal',
                    value: { reason: 'SERIAL_NUMBER_REUSED', message: 'another', fields: ['amount_micros', 'payer'] },
                  }
                : { $case: 'payment', value: { ...payment, serialNumber } },
            }),
          ),
        }),
        listIncomingPayments: async () => ({ payments: [payment], page: { hasMore: false, nextCursor: '' } }),
        assignIncomingPayment: async (_ctx, { accountId }: { accountId: string }) =>
          accountId === 'acc_other'
            ? refuse(failedPrecondition('PAYMENT_ASSIGNED', 'given to another'))
            : { payment: { ...payment, state: 'booked' } },
        listDebts: async () => ({ debts: [{ accountId: 'acc_1', owedMicros: 7n, currency: 'CNY' }] }),
      },
      providerWebhooks: {
        receiveProviderWebhook: async (_ctx, request: { body: Uint8Array; headers: Record<string, string> }) => {
          seen.push({ method: 'webhook', request });
          return request.headers['stripe-signature'] === 'good'
            ? { rechargeId: '' }
            : refuse(invalidArgument('WEBHOOK_SIGNATURE_INVALID', 'no known secret has signed this'));
        },
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('recharges over REST', () => {
  it('say how to pay, and what has become of them', async () => {
    const begun = await acme.rest.post('/v1/recharges', { channel: 'bank_transfer', amount_micros: '5000000' });
    expect([begun.status, begun.headers.get('location')]).toEqual([201, '/v1/recharges/rch_1']);
    expect(begun.body).toMatchObject({
      recharge: { status: 'pending', instructions: { payee_name: 'Suanli' }, expires_at: AT.toISOString() },
      wallet: { id: 'wal_1' },
    });
    const one = await acme.rest.get('/v1/recharges/rch_1');
    expect(one.body).toMatchObject({ id: 'rch_1', movements: [{ kind: 'receipt', amount_micros: '5000000' }] });
    const list = await acme.rest.get('/v1/recharges?status=pending');
    expect(list.body).toMatchObject({ data: [{ id: 'rch_1' }], has_more: false });
    expect(seen.at(-1)).toMatchObject({ method: 'list', request: { status: 'pending' } });
    expect((await acme.rest.get('/v1/recharges?status=paid')).status).toBe(400);
    const channels = await acme.rest.get('/v1/recharge-channels');
    expect(channels.body).toEqual({ data: [{ name: 'stripe', kind: 'waiting', currency: 'CNY' }] });
    expect((await acme.rest.get('/v1/debt')).body).toEqual({ owed_micros: '7', currency: 'CNY' });
  });
});

describe('bank transfers over REST', () => {
  const transfer = { serial_number: 'B1', amount_micros: '1000000', booked_at: AT.toISOString() };

  it('are told one by one or in batches, where each has its own result', async () => {
    const one = await lab.operator.post('/v1/admin/bank-transfers', transfer);
    expect([one.status, one.body]).toMatchObject([200, { id: 'pay_1', state: 'unmatched' }]);
    const reused = await lab.operator.post('/v1/admin/bank-transfers', { ...transfer, serial_number: 'BAD' });
    expect([reused.status, reused.body]).toMatchObject([
      409,
      { code: 'serial_number_reused', details: { fields: 'amount_micros, payer' } },
    ]);
    const transfers = [transfer, { ...transfer, serial_number: 'BAD' }];
    const batch = await lab.operator.post('/v1/admin/bank-transfer-batches', { transfers });
    expect([batch.status, batch.body]).toMatchObject([
      200,
      {
        results: [
          { serial_number: 'B1', payment: { id: 'pay_1' } },
          { serial_number: 'BAD', refusal: { code: 'serial_number_reused', fields: ['amount_micros', 'payer'] } },
        ],
      },
    ]);
    const tooMany = { transfers: Array.from({ length: 101 }, () => transfer) };
    expect((await lab.operator.post('/v1/admin/bank-transfer-batches', tooMany)).status).toBe(400);
  });

  it('wait for an operator when nobody can place them', async () => {
    const list = await lab.operator.get('/v1/admin/incoming-payments?state=unmatched');
    expect(list.body).toMatchObject({ data: [{ id: 'pay_1' }] });
    const give = (account_id: string) => lab.operator.post('/v1/admin/incoming-payments/pay_1/assign', { account_id });
    expect((await give('acc_1')).body).toMatchObject({ state: 'booked' });
    expect([(await give('acc_other')).status, (await give('acc_other')).body]).toMatchObject([
      409,
      { code: 'payment_assigned' },
    ]);
    expect((await lab.operator.get('/v1/admin/debts')).body).toMatchObject({ data: [{ owed_micros: '7' }] });
  });

  it('are the operator’s alone', async () => {
    const answer = await acme.rest.post('/v1/admin/bank-transfers', transfer);
    expect([answer.status, answer.body]).toMatchObject([403, { code: 'operator_required' }]);
    expect((await acme.rest.get('/v1/admin/incoming-payments')).status).toBe(403);
  });
});

describe('the door of Stripe', () => {
  const send = (body: string, signature: string) =>
    fetch(`${lab.gateway.addresses.http}/webhooks/stripe`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    });

  it('passes the body on byte by byte, without a key, and answers what billing made of it', async () => {
    const body = '{ "odd" :  "spacing, 中文" }\n';
    const answer = await send(body, 'good');
    expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
    const told = seen.at(-1)?.request as { body: Uint8Array };
    expect(Buffer.from(told.body).toString('utf8')).toBe(body);
    const forged = await send(body, 'forged');
    expect([forged.status, await forged.json()]).toMatchObject([400, { code: 'webhook_signature_invalid' }]);
  });

  it('takes no more than it must', async () => {
    const before = seen.length;
    expect((await send('x'.repeat(300 * 1024), 'good')).status).toBe(413);
    expect(seen.length).toBe(before);
  });
});
