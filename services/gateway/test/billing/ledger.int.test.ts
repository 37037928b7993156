import { failedPrecondition, notFound, refuse } from '@suanli/grpc-kit';
import {
  type SubmitTransferRequest,
  type SubmitTransfersRequest,
  Transfer,
} from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';

const AT = new Date('2026-02-28T00:00:00Z');
const paid = Transfer.create({
  transferId: 'pay-1',
  kind: 'post',
  code: 'movement',
  fromAccountId: 'wal_a',
  toAccountId: 'platform:revenue',
  amountMicros: 9_007_199_254_740_993n,
  reference: 'INV-7',
  createdAt: AT,
});
const post = {
  id: 'pay-1',
  kind: 'post',
  from_account_id: 'wal_a',
  to_account_id: 'platform:revenue',
  amount_micros: '9007199254740993',
  reference: 'INV-7',
};
const seen: (SubmitTransferRequest | SubmitTransfersRequest)[] = [];
let lab: Lab;
let acme: Tenant;

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      ledger: {
        submitTransfer: async (_ctx, request: SubmitTransferRequest) => {
          seen.push(request);
          const { transferId = '' } = request.command ?? {};
          if (transferId === 'poor') {
            return refuse(failedPrecondition('EXCEEDS_CREDITS', 'not enough money', { missing_micros: 42n }));
          }
          return transferId === 'lost'
            ? refuse(notFound('PENDING_NOT_FOUND', 'no such pending transfer'))
            : { transfer: { ...paid, transferId }, existed: transferId === 'again' };
        },
        submitTransfers: async (_ctx, request: SubmitTransfersRequest) => {
          seen.push(request);
          return {
            results: request.commands.map(({ transferId }, at) => ({
              transferId,
              outcome: [
                { $case: 'created' as const, value: paid },
                { $case: 'exists' as const, value: paid },
                { $case: 'refusal' as const, value: { reason: 'exceeds_credits', missingMicros: 42n } },
                { $case: 'refusal' as const, value: { reason: 'exists_with_different_amount', missingMicros: 0n } },
              ][at % 4],
            })),
          };
        },
        getTransfer: async (_ctx, { transferId }: { transferId: string }) =>
          transferId === 'rev-1'
            ? { transfer: { ...paid, transferId, kind: 'reversal', reversalOf: 'pay-1' } }
            : refuse(notFound('TRANSFER_NOT_FOUND', 'no such transfer')),
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('the ledger over REST', () => {
  it('books an order under the caller’s id, and says when it stood there before', async () => {
    const first = await lab.operator.post('/v1/admin/transfers', post);
    expect([first.status, first.headers.get('location')]).toEqual([201, '/v1/admin/transfers/pay-1']);
    expect(first.body).toEqual({ ...post, code: 'movement', currency: 'CNY', created_at: AT.toISOString() });
    expect(seen.at(-1)).toMatchObject({
      command: {
        transferId: 'pay-1',
        currency: 'CNY',
        reference: 'INV-7',
        action: { $case: 'post', value: { fromAccountId: 'wal_a', amountMicros: 9_007_199_254_740_993n } },
      },
    });
    expect((await lab.operator.post('/v1/admin/transfers', { ...post, id: 'again' })).status).toBe(200);
  });

  it.each<[string, object, object]>([
    [
      'a reserve',
      { kind: 'pending', from_account_id: 'wal_a', amount_micros: '5', timeout_ms: 60_000 },
      { $case: 'pending', value: { fromAccountId: 'wal_a', amountMicros: 5n, timeoutMs: 60_000n } },
    ],
    [
      'a part of a reserve',
      { kind: 'post_pending', pending_id: 'res-1', amount_micros: '3' },
      { $case: 'postPending', value: { pendingId: 'res-1', amountMicros: 3n } },
    ],
    [
      'the rest of a reserve',
      { kind: 'void_pending', pending_id: 'res-1' },
      { $case: 'voidPending', value: { pendingId: 'res-1' } },
    ],
    [
      'a payment to pay back',
      { kind: 'reversal', reversal_of: 'pay-1' },
      { $case: 'reversal', value: { transferId: 'pay-1' } },
    ],
    [
      'an amount that only the ledger may refuse',
      { kind: 'post_pending', pending_id: 'res-1', amount_micros: '-3' },
      { $case: 'postPending', value: { amountMicros: -3n } },
    ],
  ])('passes on %s', async (_what, order, action) => {
    expect((await lab.operator.post('/v1/admin/transfers', { id: 'one', ...order })).status).toBe(201);
    expect(seen.at(-1)).toMatchObject({ command: { transferId: 'one', action } });
  });

  it('tells a refusal by its own code, and what is missing as money', async () => {
    const poor = await lab.operator.post('/v1/admin/transfers', { ...post, id: 'poor' });
    expect([poor.status, poor.body]).toMatchObject([
      402,
      { code: 'exceeds_credits', shortfall_micros: '42', currency: 'CNY' },
    ]);
    const lost = await lab.operator.post('/v1/admin/transfers', { ...post, id: 'lost' });
    expect([lost.status, lost.body]).toMatchObject([404, { code: 'pending_not_found' }]);
  });

  it('answers each order of a batch by itself', async () => {
    const transfers = ['a', 'b', 'c', 'd'].map((id) => ({ ...post, id }));
    const { status, body } = await lab.operator.post('/v1/admin/transfer-batches', { transfers });
    expect([status, body]).toMatchObject([
      200,
      {
        results: [
          { id: 'a', transfer: { id: 'pay-1' }, existed: false },
          { id: 'b', transfer: { id: 'pay-1' }, existed: true },
          { id: 'c', refusal: { code: 'exceeds_credits', missing_micros: '42' } },
          { id: 'd', refusal: { code: 'exists_with_different_amount' } },
        ],
      },
    ]);
    const hundred = Array.from({ length: 101 }, (_, at) => ({ ...post, id: `t-${at}` }));
    expect((await lab.operator.post('/v1/admin/transfer-batches', { transfers: hundred })).status).toBe(400);
    const most = await lab.operator.post('/v1/admin/transfer-batches', { transfers: hundred.slice(1) });
    expect((most.body as { results: unknown[] }).results).toHaveLength(100);
    expect((await lab.operator.post('/v1/admin/transfer-batches', { transfers: [] })).status).toBe(400);
  });

  it('shows a transfer with what it reverses', async () => {
    expect((await lab.operator.get('/v1/admin/transfers/rev-1')).body).toMatchObject({
      id: 'rev-1',
      kind: 'reversal',
      reversal_of: 'pay-1',
    });
    const none = await lab.operator.get('/v1/admin/transfers/none');
    expect([none.status, none.body]).toMatchObject([404, { code: 'transfer_not_found' }]);
  });

  it.each<[string, object]>([
    ['no kind', { kind: undefined }],
    ['a kind that there is not', { kind: 'capture' }],
    ['an id with a space', { id: 'pay 1' }],
    ['an id of 65 characters', { id: 'x'.repeat(65) }],
    ['no payer', { from_account_id: undefined }],
    ['an amount as a number', { amount_micros: 5 }],
    ['an amount that is no whole number', { amount_micros: '1.5' }],
    ['an amount beyond 64 bits', { amount_micros: '9223372036854775808' }],
    ['a currency that is none', { currency: 'yuan' }],
    ['a long reference', { reference: 'x'.repeat(201) }],
    ['a field of another kind', { pending_id: 'res-1' }],
    ['a field nobody knows', { memo: 'x' }],
  ])('refuses a body with %s', async (_what, change) => {
    const before = seen.length;
    const answer = await lab.operator.post('/v1/admin/transfers', { ...post, ...change });
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'invalid_request' }]);
    expect(
      (await lab.operator.post('/v1/admin/transfer-batches', { transfers: [{ ...post, ...change }] })).status,
    ).toBe(400);
    expect(seen).toHaveLength(before);
  });

  it('is no tenant’s, whoever’s wallet is named', async () => {
    const before = seen.length;
    for (const rest of [acme.rest, (await lab.openAccount('Other')).rest]) {
      const tried = await rest.post('/v1/admin/transfers', post);
      expect([tried.status, tried.body]).toMatchObject([403, { code: 'operator_required' }]);
      expect((await rest.post('/v1/admin/transfer-batches', { transfers: [post] })).status).toBe(403);
      expect((await rest.get('/v1/admin/transfers/rev-1')).status).toBe(403);
    }
    expect((await lab.client(lab.gateway, 'sk_nobody').post('/v1/admin/transfers', post)).status).toBe(401);
    expect(seen).toHaveLength(before);
  });
});
