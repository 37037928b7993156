import { failedPrecondition, refuse } from '@suanli/grpc-kit';
import { Commitment, Discount, GetProvenanceResponse, Quote } from '@suanli/proto/suanli/billing/v1/price.ts';
import { BillLine, Price } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';

const seen: { method: string; request: unknown }[] = [];
const price = Price.create({
  priceId: 'prc_1',
  version: 2,
  meter: 'requests',
  item: 'rerank',
  amountMicros: 400n,
  perQuantity: 1n,
  currency: 'CNY',
  model: {
    kind: 'volume',
    tiers: [
      { upTo: 10n, amountMicros: 400n, flatMicros: 0n },
      { amountMicros: 250n, flatMicros: 7n },
    ],
  },
});
let lab: Lab;
let acme: Tenant;

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      priceBook: {
        publishPrices: async (_ctx, request: { prices: { meter: string }[] }) => {
          seen.push({ method: 'publish', request });
          return request.prices[0]?.meter === 'coffee'
            ? refuse(failedPrecondition('PRICE_GAP', 'nothing takes its place', { meter: 'coffee' }))
            : { prices: [price] };
        },
        listPriceVersions: async () => ({ prices: [price], page: { hasMore: false, nextCursor: '' } }),
        setDiscount: async () => ({ discount: Discount.create({ discountId: 'dsc_1', basisPoints: 100 }) }),
        listDiscounts: async () => ({ discounts: [] }),
        setCommitment: async () => ({ commitment: Commitment.create({ commitmentId: 'cmt_1', monthlyMicros: 5n }) }),
        listCommitments: async () => ({ commitments: [] }),
      },
      quotes: {
        getQuote: async () => ({ quote: Quote.create({ quoteId: 'qte_1', holdMicros: 30n, currency: 'CNY' }) }),
      },
      provenance: {
        getProvenance: async () =>
          GetProvenanceResponse.create({
            line: BillLine.create({ billLineId: 'bil_1', period: '2026-02', amountMicros: 600n }),
            price,
            steps: ['2 charges add up'],
            replay: { amountMicros: 600n, equal: true, partial: false },
          }),
      },
      usage: {
        listParkedUsage: async (_ctx, request: object) => {
          seen.push({ method: 'parked', request });
          return { usages: [], page: { hasMore: false, nextCursor: '' } };
        },
        replayParkedUsage: async () => ({ ratedCount: 1, stillParked: [{ usageId: 'u', reason: 'price_not_found' }] }),
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('prices over REST', () => {
  it('are published with their tiers, by the operator alone', async () => {
    const tiers = [
      { up_to: '10', amount_micros: '400' },
      { amount_micros: '250', flat_micros: '7' },
    ];
    const body = { prices: [{ meter: 'requests', item: 'rerank', model: 'volume', tiers }] };
    const answer = await lab.operator.post('/v1/admin/prices', body);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { prices: [{ id: 'prc_1', model: { kind: 'volume', tiers: [{ up_to: '10' }, { flat_micros: '7' }] } }] },
    ]);
    expect(seen.at(-1)?.request).toMatchObject({
      prices: [{ amountMicros: 400n, perQuantity: 1n, model: { tiers: [{ upTo: 10n }, { amountMicros: 250n }] } }],
    });
    expect(await acme.rest.post('/v1/admin/prices', body)).toMatchObject({ status: 403 });
    const gap = await lab.operator.post('/v1/admin/prices', { prices: [{ meter: 'coffee' }] });
    expect([gap.status, gap.body]).toMatchObject([409, { code: 'price_gap', details: { meter: 'coffee' } }]);
    expect(
      (await lab.operator.post('/v1/admin/prices', { prices: [{ meter: 'm', amount_micros: '-1' }] })).status,
    ).toBe(400);
    expect((await lab.operator.get('/v1/admin/prices?meter=requests')).status).toBe(200);
  });

  it('have discounts and commitments of an account', async () => {
    const discount = await lab.operator.post('/v1/admin/discounts', { account_id: 'acc_1', basis_points: 100 });
    expect([discount.status, discount.body]).toMatchObject([201, { id: 'dsc_1', basis_points: 100 }]);
    expect((await lab.operator.post('/v1/admin/discounts', { account_id: 'acc_1', basis_points: 10_001 })).status).toBe(
      400,
    );
    const commitment = { account_id: 'acc_1', monthly_micros: '5', from_month: '2026-02' };
    expect(await lab.operator.post('/v1/admin/commitments', commitment)).toMatchObject({
      status: 201,
      body: { id: 'cmt_1' },
    });
    expect((await lab.operator.get('/v1/admin/discounts?account_id=acc_1')).body).toEqual({ data: [] });
    expect((await lab.operator.get('/v1/admin/commitments?account_id=acc_1')).body).toEqual({ data: [] });
  });

  it('are promised in quotes, and explained line by line', async () => {
    expect((await acme.rest.get('/v1/quotes/qte_1')).body).toMatchObject({ id: 'qte_1', hold_micros: '30' });
    const { body } = await acme.rest.get('/v1/bill-lines/bil_1/provenance');
    expect(body).toMatchObject({
      line: { id: 'bil_1', period: '2026-02' },
      price: { id: 'prc_1' },
      steps: ['2 charges add up'],
      replay: { amount_micros: '600', equal: true },
    });
  });

  it('that are missing park usage, which operators see and replay', async () => {
    expect((await lab.operator.get('/v1/admin/parked-usage?reason=price_not_found&account_id=acc_1')).status).toBe(200);
    expect(seen.at(-1)?.request).toMatchObject({ reason: 'price_not_found', accountId: 'acc_1' });
    const replayed = await lab.operator.post('/v1/admin/parked-usage/replay', {});
    expect(replayed.body).toEqual({ rated_count: 1, still_parked: [{ usage_id: 'u', reason: 'price_not_found' }] });
    expect((await acme.rest.get('/v1/admin/parked-usage')).status).toBe(403);
  });
});
