import { failedPrecondition, notFound, refuse } from '@suanli/grpc-kit';
import { Bill, Invoice, InvoiceLine, Statement } from '@suanli/proto/suanli/billing/v1/document.ts';
import { Order, Plan, type PurchasePlanRequest, Subscription } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { Refund, type RequestPayoutRequest } from '@suanli/proto/suanli/billing/v1/refund.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';

const BEYOND_DOUBLES = 9_007_199_254_740_993n;
const plan = Plan.create({
  planId: 'pln_1',
  code: 'a100-month',
  benefit: { $case: 'reservation', value: { item: 'gpu.a100-80g', region: 'cn-shanghai', count: 1 } },
  priceMicros: BEYOND_DOUBLES,
});
const subscription = Subscription.create({ subscriptionId: 'sub_1', status: 'active', planCode: 'a100-month' });
const order = Order.create({ orderId: 'ord_1', kind: 'purchase', state: 'paid', amountMicros: BEYOND_DOUBLES });
const refund = Refund.create({ refundId: 'rfd_1', kind: 'payout', state: 'requested', amountMicros: 7n });
const invoice = Invoice.create({ invoiceId: 'inv_1', number: 'SL-2026-000001', kind: 'invoice' });
const noPage = { hasMore: false, nextCursor: '' };
const seen: (PurchasePlanRequest | RequestPayoutRequest)[] = [];
let lab: Lab;
let acme: Tenant;

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      plans: {
        listPlans: async () => ({ plans: [plan], page: noPage }),
        getCommitmentPolicy: async () => ({ policyJson: '{"renewal":{"everyMs":86400000}}' }),
        purchasePlan: async (_ctx, request: PurchasePlanRequest) => {
          seen.push(request);
          if (request.quantity > 1) {
            return refuse(failedPrecondition('INSUFFICIENT_FUNDS', 'no money', { missingMicros: 5n }));
          }
          return { subscription, orders: [order], refundedMicros: 0n };
        },
        getSubscription: async (_ctx, { subscriptionId }: { subscriptionId: string }) =>
          subscriptionId === 'sub_1'
            ? { subscription, attempts: [] }
            : refuse(notFound('SUBSCRIPTION_NOT_FOUND', 'no such subscription')),
      },
      orders: { listOrders: async () => ({ orders: [order], page: noPage }) },
      documents: {
        listBills: async () => ({
          bills: [Bill.create({ day: '2026-02-28', amountMicros: 7n, live: true })],
          page: noPage,
          totalMicros: BEYOND_DOUBLES,
          totalWrittenOffMicros: 0n,
        }),
        getStatement: async () => ({ statement: Statement.create({ month: '2026-02', status: 'open' }) }),
        getInvoice: async () => ({ invoice }),
        issueInvoice: async () => ({ invoices: [invoice] }),
        listInvoiceLines: async () => ({ lines: [InvoiceLine.create({ referenceId: 'bil_1' })], page: noPage }),
      },
      refunds: {
        requestPayout: async (_ctx, request: RequestPayoutRequest) => {
          seen.push(request);
          return { refund };
        },
        decidePayout: async (_ctx, { approved }: { approved: boolean }) => ({
          refund: { ...refund, state: approved ? 'paid' : 'rejected' },
        }),
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('commitments over REST', () => {
  it('shows plans and policy in snake_case, with exact amounts', async () => {
    const plans = await acme.rest.get('/v1/plans');
    expect(plans.body).toMatchObject({
      data: [{ price_micros: String(BEYOND_DOUBLES), benefit: { kind: 'reservation', count: 1 } }],
    });
    expect((await acme.rest.get('/v1/commitment-policy')).body).toEqual({ renewal: { every_ms: 86_400_000 } });
  });

  it('buys once for an Idempotency-Key, and says what is missing', async () => {
    const body = { plan: 'a100-month' };
    const headers = { 'idempotency-key': 'buy-1' };
    const first = await acme.rest.post('/v1/subscriptions', body, headers);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      subscription: { id: 'sub_1' },
      orders: [{ amount_micros: `${BEYOND_DOUBLES}` }],
    });
    expect((await acme.rest.post('/v1/subscriptions', body, headers)).body).toEqual(first.body);
    expect(seen.filter((one) => 'planCode' in one)).toHaveLength(1);
    const refused = await acme.rest.post('/v1/subscriptions', { ...body, quantity: 2 }, { 'idempotency-key': 'buy-2' });
    expect(refused.status).toBe(402);
    expect(refused.body).toMatchObject({ shortfall_micros: '5' });
  });

  it.each([
    ['an unknown field', { plan: 'p', colour: 'red' }],
    ['no unit', { plan: 'p', quantity: 0 }],
    ['an unknown mode', { plan: 'p', expiry_mode: 'maybe' }],
  ])('refuses %s', async (_story, body) => {
    expect((await acme.rest.post('/v1/subscriptions', body)).status).toBeGreaterThanOrEqual(400);
  });

  it('does not find what is not there', async () => {
    expect((await acme.rest.get('/v1/subscriptions/sub_2')).status).toBe(404);
  });
});

describe('documents and refunds over REST', () => {
  it('lists the bills of a month with its total on the first page, and refuses what is no month', async () => {
    const bills = await acme.rest.get('/v1/bills?month=2026-02');
    expect(bills.body).toMatchObject({
      data: [{ day: '2026-02-28', amount_micros: '7', live: true }],
      total: { amount_micros: String(BEYOND_DOUBLES) },
    });
    expect((await acme.rest.get('/v1/bills?month=2026-13')).status).toBe(400);
  });

  it('issues invoices and lists their lines', async () => {
    expect((await acme.rest.post('/v1/invoices', {})).body).toMatchObject({ data: [{ number: 'SL-2026-000001' }] });
    expect(await acme.rest.post('/v1/invoices')).toMatchObject({ status: 201 }); // There is nothing to say.
    const lines = await acme.rest.get('/v1/invoices/inv_1/lines');
    expect(lines.body).toMatchObject({ data: [{ reference_id: 'bil_1' }] });
  });

  it('lets operators alone decide payouts', async () => {
    const wish = { recharge_id: 'rch_1', amount_micros: '7', reason: 'closing' };
    expect((await acme.rest.post('/v1/payouts', wish)).body).toMatchObject({ state: 'requested' });
    const decide = '/v1/admin/payouts/rfd_1/decide';
    expect((await acme.rest.post(decide, { approved: true })).status).toBe(403);
    expect((await lab.operator.post(decide, { approved: true })).body).toMatchObject({ state: 'paid' });
  });
});
