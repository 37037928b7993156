import { readGrpcError } from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Billing } from '../src/service.ts';
import { ACCOUNT_OPENED, aTenant, type Clients, type Platform, startPlatform, tenantMessage } from './harness.ts';

const YUAN = 1_000_000n;
/** One GPU for one hour, in milli-GPU-milliseconds. */
const GPU_HOUR = 3_600_000_000n;
const HOUR_MS = 3_600_000;

describe('the billing service', () => {
  let platform: Platform;
  let billing: Billing;
  let scheduler: Clients;

  beforeAll(async () => {
    platform = await startPlatform();
    billing = await platform.start();
    scheduler = await platform.clients(billing, 'scheduler');
  });
  afterAll(async () => {
    await billing?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  async function recharge(tenant: TenantPath, amountMicros: bigint, requestId = 'first') {
    const request = { requestId, channel: 'development', amountMicros, currency: 'CNY', serialNumber: '' };
    return scheduler.wallet.recharge(request, { token: await platform.token(tenant) });
  }

  async function walletOf(tenant: TenantPath) {
    const { wallet } = await scheduler.wallet.getWallet({}, { token: await platform.token(tenant) });
    return wallet;
  }

  function place(
    tenant: TenantPath,
    amountMicros: bigint,
    requestId: string,
    expiresAt = new Date(Date.now() + HOUR_MS),
  ) {
    const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
    return { requestId, tenant: tenantMessage(tenant), amountMicros, expiresAt, purpose, dryRun: false };
  }

  it('takes a job from recharge over hold and usage to a bill line that names its events and its price', async () => {
    const tenant = aTenant();
    await platform.publish(ACCOUNT_OPENED, { accountId: tenant.accountId, name: 'Example' });
    await recharge(tenant, 100n * YUAN);
    const placed = await scheduler.hold.placeHolds({ commands: [place(tenant, 20n * YUAN, 'job_1/1')] });
    const outcome = placed.results[0]?.outcome;
    if (outcome?.$case !== 'hold') throw new Error('the hold was refused');
    expect(await walletOf(tenant)).toMatchObject({
      postedMicros: 100n * YUAN,
      pendingMicros: 20n * YUAN,
      availableMicros: 80n * YUAN,
    });

    const usage = {
      tenant: tenantMessage(tenant),
      holdId: outcome.value.holdId,
      sourceKind: 'job',
      sourceId: 'job_1',
      epoch: 1,
      region: 'cn-shanghai',
      item: 'gpu.a100-80g',
      usageTo: new Date(Date.now()),
      usageFrom: new Date(Date.now() - HOUR_MS),
    };
    const half = [{ meter: 'gpu_time', quantity: GPU_HOUR / 2n }];
    await platform.publishUsage('scheduler', { ...usage, usageId: 'job_1/1/1', readings: half });
    await platform.publishUsage('scheduler', { ...usage, usageId: 'job_1/1/1', readings: half });
    const later = { ...usage, usageFrom: usage.usageTo, usageTo: new Date(usage.usageTo.getTime() + HOUR_MS) };
    await platform.publishUsage('scheduler', { ...later, usageId: 'job_1/1/2', readings: half, isFinal: true });

    const wallet = await eventually(async () => {
      const now = await walletOf(tenant);
      return now?.pendingMicros === 0n && now;
    });
    expect(wallet).toMatchObject({
      postedMicros: 100n * YUAN - 12_800_000n,
      availableMicros: 100n * YUAN - 12_800_000n,
    });
    const token = await platform.token(tenant);
    const { billLines } = await scheduler.wallet.listBillLines({ resourceId: 'job_1' }, { token });
    expect(billLines).toMatchObject([
      {
        amountMicros: 12_800_000n,
        quantity: GPU_HOUR,
        priceVersion: 1,
        usageIds: ['job_1/1/1', 'job_1/1/2'],
        writtenOffMicros: 0n,
      },
    ]);
    const { holds } = await scheduler.wallet.listHolds({ status: 'closed' }, { token });
    expect(holds).toMatchObject([{ capturedMicros: 12_800_000n, releasedMicros: 7_200_000n }]);
    const { entries } = await scheduler.wallet.listLedgerEntries({}, { token });
    expect(entries.map(({ kind, amountMicros }) => [kind, amountMicros])).toEqual([
      ['charge', -6_400_000n],
      ['charge', -6_400_000n],
      ['recharge', 100n * YUAN],
    ]);
  });

  it('tells the shortfall of a refused hold, and lets the same request succeed once there is money', async () => {
    const tenant = aTenant();
    await recharge(tenant, 5n * YUAN);
    const command = place(tenant, 8n * YUAN, `${tenant.accountId}/1`);
    const first = await scheduler.hold.placeHolds({ commands: [command] });
    expect(first.results[0]?.outcome).toEqual({
      $case: 'refusal',
      value: { reason: 'insufficient_funds', missingMicros: 3n * YUAN, budget: undefined, needs: [] },
    });
    await recharge(tenant, 3n * YUAN, 'second');
    const second = await scheduler.hold.placeHolds({ commands: [command] });
    expect(second.results[0]?.outcome?.$case).toBe('hold');
  });

  it('lets no tenant see the lines of another, and no service but the named ones touch holds', async () => {
    const [owner, stranger] = [aTenant(), aTenant()];
    await recharge(owner, 5n * YUAN);
    await platform.publishUsage('gateway', {
      usageId: `usage/${owner.accountId}`,
      tenant: tenantMessage(owner),
      sourceKind: 'inference',
      sourceId: `req/${owner.accountId}`,
      readings: [{ meter: 'tokens_output', quantity: 1_000n }],
      item: 'offline-writer',
      usageFrom: new Date(),
      usageTo: new Date(),
    });
    const token = await platform.token(owner);
    const line = await eventually(
      async () => (await scheduler.wallet.listBillLines({ resourceId: '' }, { token })).billLines[0] ?? false,
    );
    expect(line).toMatchObject({ amountMicros: 8_000n, resourceKind: 'inference' });
    const asked = scheduler.wallet.getBillLine(
      { billLineId: line.billLineId },
      { token: await platform.token(stranger) },
    );
    expect(readGrpcError(await asked.catch((error: unknown) => error))).toMatchObject({
      reason: 'BILL_LINE_NOT_FOUND',
    });

    const workflow = await platform.clients(billing, 'workflow');
    const refused = await workflow.hold.placeHolds({ commands: [] }).catch((error: unknown) => error);
    expect(readGrpcError(refused)).toMatchObject({ reason: 'PEER_FORBIDDEN' });
  });

  it('refuses a second body under one request id, a foreign currency, and amounts out of range', async () => {
    const tenant = aTenant();
    await recharge(tenant, YUAN);
    const replayed = await recharge(tenant, YUAN);
    expect(replayed.wallet?.postedMicros).toBe(YUAN);
    const reasons: (string | undefined)[] = [];
    for (const [amountMicros, currency] of [
      [2n * YUAN, 'CNY'],
      [YUAN, 'USD'],
      [0n, 'CNY'],
      [-1n, 'CNY'],
      [2n ** 62n, 'CNY'],
    ] as const) {
      const request = { requestId: 'first', channel: 'development', amountMicros, currency, serialNumber: '' };
      const call = scheduler.wallet.recharge(request, { token: await platform.token(tenant) });
      reasons.push(readGrpcError(await call.catch((error: unknown) => error)).reason);
    }
    expect(reasons).toEqual(['REQUEST_ID_REUSED', 'CURRENCY_NOT_SUPPORTED', ...Array(3).fill('AMOUNT_OUT_OF_RANGE')]);
    expect((await walletOf(tenant))?.postedMicros).toBe(YUAN);
  });

  it('parks usage that has no price and rates it once the operator asks again', async () => {
    const tenant = aTenant();
    await recharge(tenant, 5n * YUAN);
    const usageId = `unpriced/${tenant.accountId}`;
    await platform.publishUsage('modelhub', {
      usageId,
      tenant: tenantMessage(tenant),
      sourceKind: 'storage',
      sourceId: 'repo_1',
      readings: [{ meter: 'disk_time', quantity: 7n }],
      usageFrom: new Date(),
      usageTo: new Date(),
    });
    const operator = await platform.clients(billing, 'gateway');
    const parked = await eventually(async () => {
      const { usages } = await operator.usage.listParkedUsage({ reason: '', accountId: '', sourceId: '' });
      return usages.find((usage) => usage.usageId === usageId) ?? false;
    });
    expect(parked).toMatchObject({ reason: 'price_not_found', accountId: tenant.accountId });
    expect(await operator.usage.replayParkedUsage({ usageIds: [usageId] })).toEqual({
      ratedCount: 0,
      stillParked: [{ usageId, reason: 'price_not_found' }],
    });
  });

  it('quotes rounded up, so that a hold of the quote covers the charge', async () => {
    const line = { meter: 'gpu_time', region: 'cn-hefei', item: 'gpu.l40s-48g', quantity: GPU_HOUR + 1n };
    const quoted = await scheduler.pricing.quoteUsage({ lines: [line] });
    expect(quoted).toMatchObject({ totalMicros: 6_900_001n, currency: 'CNY' });
    const unknown = await scheduler.pricing
      .quoteUsage({ lines: [{ ...line, meter: 'coffee' }] })
      .catch((error: unknown) => error);
    expect(readGrpcError(unknown)).toMatchObject({ reason: 'PRICE_NOT_FOUND' });
  });

  it('shows prices in effect page by page', async () => {
    const token = await platform.token(aTenant());
    const first = await scheduler.price.listPrices({ page: { limit: 2, cursor: '' } }, { token });
    expect(first.page?.hasMore).toBe(true);
    const rest = await scheduler.price.listPrices(
      { page: { limit: 200, cursor: first.page?.nextCursor ?? '' } },
      { token },
    );
    expect([...first.prices, ...rest.prices].map((price) => price.meter).sort()).toEqual([
      'cpu_time',
      'gpu_time',
      'gpu_time',
      'items',
      'requests',
      'requests',
      'storage_time',
      'tokens_cache_write',
      'tokens_input',
      'tokens_input_cached',
      'tokens_output',
      'tokens_reasoning',
    ]);
    const wrong = await scheduler.wallet
      .listHolds({ page: { limit: 2, cursor: first.page?.nextCursor ?? '' }, status: '' }, { token })
      .catch((e: unknown) => e);
    expect(readGrpcError(wrong)).toMatchObject({ reason: 'CURSOR_INVALID' });
  });

  it('gives back what an expired hold has left', async () => {
    const tenant = aTenant();
    await recharge(tenant, 5n * YUAN);
    const impatient = await platform.start({ LATE_USAGE_MS: 0 });
    const clients = await platform.clients(impatient);
    await clients.hold.placeHolds({
      commands: [place(tenant, YUAN, `${tenant.accountId}/x`, new Date(Date.now() + 300))],
    });
    await eventually(async () => (await walletOf(tenant))?.pendingMicros === 0n);
    const { holds } = await scheduler.wallet.listHolds({ status: 'expired' }, { token: await platform.token(tenant) });
    expect(holds).toMatchObject([{ releasedMicros: YUAN }]);
    await impatient[Symbol.asyncDispose]();
  });
});

describe('billing outside development mode', () => {
  it('has no recharge channel', async () => {
    await using platform = await startPlatform();
    await using billing = await platform.start({ SUANLI_DEV: false });
    const { wallet } = await platform.clients(billing);
    const request = { requestId: '1', channel: 'development', amountMicros: 1n, currency: 'CNY', serialNumber: '' };
    const call = wallet.recharge(request, { token: await platform.token(aTenant()) });
    expect(readGrpcError(await call.catch((error: unknown) => error))).toMatchObject({
      reason: 'RECHARGE_CHANNEL_UNAVAILABLE',
    });
  });
});
