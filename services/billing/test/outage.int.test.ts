import { status } from '@grpc/grpc-js';
import { createGrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { HoldServiceClient } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { WalletServiceClient } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { withDatabase } from '@suanli/postgres';
import { eventually } from '@suanli/test-kit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Billing } from '../src/service.ts';
import { aTenant, type Clients, type Platform, startPlatform, tenantMessage } from './harness.ts';

const YUAN = 1_000_000n;

describe('billing when something is away or not allowed', () => {
  let platform: Platform;
  let billing: Billing;
  let clients: Clients;

  beforeAll(async () => {
    platform = await startPlatform();
    billing = await platform.start();
    clients = await platform.clients(billing);
  });
  afterAll(async () => {
    await billing?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  async function failureOf(call: Promise<unknown>) {
    return readGrpcError(
      await call.then(
        () => new Error('it succeeded'),
        (error: unknown) => error,
      ),
    );
  }

  it('says UNAVAILABLE while PostgreSQL is away, and goes on by itself with nothing lost', async () => {
    const tenant = aTenant();
    const token = await platform.token(tenant);
    const pay = (requestId: string) =>
      clients.wallet.recharge(
        { requestId, channel: 'development', amountMicros: YUAN, currency: 'CNY', serialNumber: '' },
        { token },
      );
    await pay('before');
    const name = new URL(platform.database.url).pathname.slice(1);
    const admin = new pg.Client(withDatabase(platform.database.adminUrl, 'postgres'));
    await admin.connect();
    await admin.query(`alter database ${name} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);

    await platform.publishUsage('gateway', {
      usageId: `use/${tenant.accountId}`,
      tenant: tenantMessage(tenant),
      sourceKind: 'inference',
      sourceId: `req/${tenant.accountId}`,
      readings: [{ meter: 'tokens_output', quantity: 1_000n }],
      usageFrom: new Date(),
      usageTo: new Date(),
    });
    expect(await failureOf(pay('during'))).toMatchObject({ kind: 'unavailable' });
    const ready = await fetch(`http://${billing.addresses.ops}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, expect.objectContaining({ failing: ['postgres'] })]);
    expect((await fetch(`http://${billing.addresses.ops}/healthz`)).status).toBe(200);

    await admin.query(`alter database ${name} allow_connections true`);
    await admin.end();
    await eventually(
      async () => {
        const { wallet } = await clients.wallet.getWallet({}, { token });
        return wallet?.postedMicros === YUAN - 8_000n;
      },
      { timeoutMs: 25_000 },
    );
    expect((await pay('during')).wallet?.postedMicros).toBe(2n * YUAN - 8_000n);
  });

  it('shows partners the public packages only, and nothing without a token', async () => {
    const options = { address: billing.addresses.partner ?? '', defaultDeadlineMs: 5_000 };
    await using wallet = createGrpcClient(WalletServiceClient, options);
    await using hold = createGrpcClient(HoldServiceClient, options);
    expect((await wallet.getWallet({}, { token: await platform.token(aTenant()) })).wallet?.status).toBe('active');
    expect(await failureOf(wallet.getWallet({}))).toMatchObject({ reason: 'TOKEN_MISSING' });
    expect(
      await failureOf(wallet.getWallet({}, { token: await platform.token(aTenant(), ['jobs:read']) })),
    ).toMatchObject({ reason: 'SCOPE_MISSING' });
    expect(await failureOf(hold.getHold({ holdId: 'hld_1' }))).toMatchObject({ status: status.UNIMPLEMENTED });
  });

  it('refuses commands that mean nothing', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const good = {
      requestId: 'x',
      tenant: tenantMessage(aTenant()),
      amountMicros: 1n,
      expiresAt,
      purpose: { kind: 'job', id: 'j', epoch: 1 },
      dryRun: false,
    };
    const reasons: (string | undefined)[] = [];
    for (const bad of [{ requestId: '' }, { tenant: undefined }, { expiresAt: undefined }, { purpose: undefined }]) {
      reasons.push((await failureOf(clients.hold.placeHolds({ commands: [{ ...good, ...bad }] }))).reason);
    }
    reasons.push((await failureOf(clients.hold.placeHolds({ commands: Array(201).fill(good) }))).reason);
    expect(reasons).toEqual([
      'REQUEST_ID_MISSING',
      'TENANT_MISSING',
      'FIELD_MISSING',
      'FIELD_MISSING',
      'BATCH_TOO_LARGE',
    ]);
    expect(await failureOf(clients.hold.getHold({ holdId: 'hld_1' }))).toMatchObject({ reason: 'HOLD_NOT_FOUND' });
  });

  it('counts what matters in its metrics', async () => {
    const text = await (await fetch(`http://${billing.addresses.ops}/metrics`)).text();
    for (const name of [
      'hold_commands_total',
      'usage_total',
      'charged_micros_total',
      'parked_usage',
      'outbox_unsent',
      'dead_letters',
    ]) {
      expect(text).toContain(`suanli_billing_${name}`);
    }
  });
});
