import { readGrpcError } from '@suanli/grpc-kit';
import { WorkloadFenced } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Billing } from '../../src/service.ts';
import { aTenant, type Clients, type Platform, startPlatform, tenantMessage } from '../harness.ts';

const YUAN = 1_000_000n;
const newPrice = {
  meter: 'gpu_time',
  region: '',
  item: 'gpu.test',
  accountId: '',
  model: undefined,
  amountMicros: 3n,
  perQuantity: 1n,
  display: '',
  effectiveFrom: new Date(0),
  backdated: false,
};

describe('pricing over gRPC and events', () => {
  let platform: Platform;
  let billing: Billing;
  let clients: Clients;
  let token: string;
  const tenant = aTenant();
  const publish = async (requestId: string, price: Partial<typeof newPrice> = {}) =>
    clients.priceBook.publishPrices(
      { requestId, prices: [{ ...newPrice, ...price }] },
      { token: await platform.operatorToken() },
    );
  const reasonOf = (refused: Promise<unknown>) =>
    refused.then(
      () => 'done',
      (error: unknown) => readGrpcError(error).reason,
    );
  const use = (usageId: string, changes: Record<string, unknown> = {}) =>
    platform.publishUsage('scheduler', {
      usageId,
      tenant: tenantMessage(tenant),
      sourceKind: 'job',
      sourceId: 'job_p',
      epoch: 1,
      readings: [{ meter: 'gpu_time', quantity: 1_000n }],
      item: 'gpu.test',
      usageFrom: new Date(Date.UTC(2026, 0, 1)),
      usageTo: new Date(Date.UTC(2026, 0, 1, 0, 0, 1)),
      ...changes,
    });
  const lineOf = (resourceId: string, amountMicros: bigint) =>
    eventually(async () => {
      const { billLines } = await clients.wallet.listBillLines({ resourceId, page: undefined }, { token });
      return billLines.find((line) => line.amountMicros === amountMicros) ?? false;
    });

  beforeAll(async () => {
    platform = await startPlatform();
    billing = await platform.start();
    clients = await platform.clients(billing);
    token = await platform.token(tenant);
    const money = {
      requestId: '1',
      channel: 'development',
      amountMicros: 100n * YUAN,
      currency: 'CNY',
      serialNumber: '',
    };
    await clients.wallet.recharge(money, { token });
  });
  afterAll(async () => {
    await billing[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  it('is published by operators alone, once per request, and refused by its own reasons', async () => {
    const asTenant = clients.priceBook.publishPrices({ requestId: 'x', prices: [newPrice] }, { token });
    expect(await reasonOf(asTenant)).toBe('ROLE_FORBIDDEN');
    const first = await publish('p1');
    expect(first.prices).toMatchObject([{ version: 1, amountMicros: 3n, model: { kind: 'unit' } }]);
    expect(await publish('p1')).toEqual(first);
    expect(await reasonOf(publish('p1', { amountMicros: 4n }))).toBe('REQUEST_ID_REUSED');
    expect(await reasonOf(publish('p2', { meter: 'coffee' }))).toBe('METER_UNKNOWN');
    expect(await reasonOf(publish('p3', { perQuantity: 0n }))).toBe('PER_QUANTITY_OUT_OF_RANGE');
  });

  it('charges, fences and corrects, and every line replays', async () => {
    await use('job_p:1:0:0-1000');
    await lineOf('job_p', 3_000n);
    const fence = {
      sourceKind: 'job',
      sourceId: 'job_p',
      epoch: 1,
      fencedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, 500)),
      tenant: tenantMessage(tenant),
    };
    await platform.publish(EVENTS.workloadFenced.subject, WorkloadFenced.toJSON(fence));
    await lineOf('job_p', 1_500n);
    await use('job_p:fixed', {
      correctsUsageId: 'job_p:1:0:0-1000',
      readings: [{ meter: 'gpu_time', quantity: 400n }],
    });
    const line = await lineOf('job_p', 600n);
    const provenance = await clients.provenance.getProvenance({ billLineId: line.billLineId }, { token });
    expect(provenance.replay).toEqual({ amountMicros: 600n, equal: true, partial: false });
    expect(provenance.charges.map((charge) => charge.amountMicros)).toEqual([3_000n, -1_500n, -900n]);
    expect(provenance.charges.at(-1)?.steps.at(-1)).toBe('charge: 600 - 1500 = -900 micros');
    const sums = provenance.transfers.map(({ toAccountId, amountMicros }) =>
      toAccountId === 'platform:revenue' ? amountMicros : -amountMicros,
    );
    expect(sums.reduce((sum, amount) => sum + amount, 0n)).toBe(600n);
    const stranger = clients.provenance.getProvenance(
      { billLineId: line.billLineId },
      { token: await platform.token(aTenant()) },
    );
    expect(await reasonOf(stranger)).toBe('BILL_LINE_NOT_FOUND');
  });

  it('keeps the prices of a quote for usage that names it', async () => {
    await publish('q1', { item: 'gpu.quoted' });
    const lines = [{ meter: 'gpu_time', region: '', item: 'gpu.quoted', quantity: 10n }];
    const ask = { tenant: tenantMessage(tenant), lines, holdMicros: 0n, expectedMicros: 0n };
    const { quote } = await clients.quoteDesk.createQuote(ask);
    const quoteId = quote?.quoteId ?? '';
    expect(quote).toMatchObject({ holdMicros: 30n, expectedMicros: 30n });
    expect((await clients.quotes.getQuote({ quoteId }, { token })).quote).toEqual(quote);
    const check = (of: typeof tenant, id: string) =>
      reasonOf(clients.quoteDesk.checkQuote({ tenant: tenantMessage(of), quoteId: id }));
    expect(await check(tenant, quoteId)).toBe('done');
    expect(await check(aTenant(), quoteId)).toBe('QUOTE_OF_OTHER_TENANT');
    expect(await check(tenant, 'qte_nothing')).toBe('QUOTE_NOT_FOUND');
    await publish('q2', { item: 'gpu.quoted', amountMicros: 300n });
    await use('quoted', { sourceId: 'job_q', item: 'gpu.quoted', quoteId, epoch: 2 });
    await lineOf('job_q', 3_000n);
  });

  it('takes discounts and commitments of operators', async () => {
    const operator = { token: await platform.operatorToken() };
    const scope = { accountId: tenant.accountId, meter: '', region: '', item: '' };
    const discount = { ...scope, basisPoints: 1_000, effectiveFrom: undefined, discountId: '', createdAt: undefined };
    const set = await clients.priceBook.setDiscount({ requestId: 'd1', discount }, operator);
    expect(set.discount).toMatchObject({ meter: '*', item: '*', basisPoints: 1_000 });
    expect((await clients.priceBook.listDiscounts({ accountId: tenant.accountId }, operator)).discounts).toEqual([
      set.discount,
    ]);
    const tooMuch = clients.priceBook.setDiscount(
      { requestId: 'd2', discount: { ...discount, basisPoints: 10_001 } },
      operator,
    );
    expect(await reasonOf(tooMuch)).toBe('BASIS_POINTS_OUT_OF_RANGE');
    const commitment = {
      accountId: tenant.accountId,
      monthlyMicros: YUAN,
      fromMonth: '2099-01',
      untilMonth: '',
      commitmentId: '',
      createdAt: undefined,
    };
    const made = await clients.priceBook.setCommitment({ requestId: 'c1', commitment }, operator);
    expect(made.commitment).toMatchObject({ fromMonth: '2099-01', monthlyMicros: YUAN });
    expect(await reasonOf(clients.priceBook.setCommitment({ requestId: 'c2', commitment }, operator))).toBe(
      'COMMITMENT_OVERLAPS',
    );
    const noMonth = clients.priceBook.setCommitment(
      { requestId: 'c3', commitment: { ...commitment, fromMonth: '2099-13' } },
      operator,
    );
    expect(await reasonOf(noMonth)).toBe('MONTH_INVALID');
  });
});
