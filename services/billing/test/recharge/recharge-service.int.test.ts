import { readGrpcError } from '@suanli/grpc-kit';
import { systemClock } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../src/adapters/postgres/audit-ledger.ts';
import type { BillingConfig } from '../../src/config.ts';
import type { Billing } from '../../src/service.ts';
import { type FakeStripe, fakeStripe } from '../../src/testing/fake-stripe.ts';
import { aTenant, type Clients, type Platform, startPlatform } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const YUAN = 1_000_000n;
const SECRET = 'whsec_test';
const RECHARGES = 6;
const KILLS = 5;

let platform: Platform;
let stripe: FakeStripe;
let changes: Partial<BillingConfig>;

beforeAll(async () => {
  platform = await startPlatform();
  stripe = await fakeStripe({ secret: SECRET, now: () => systemClock.now() });
  changes = {
    STRIPE_SECRET_KEY: 'sk_test_1',
    STRIPE_WEBHOOK_SECRETS: [SECRET],
    STRIPE_API_BASE: stripe.url,
    BANK_PAYEE_NAME: 'Suanli',
    BANK_PAYEE_BANK: 'Bank of Examples',
    BANK_PAYEE_ACCOUNT: '1234',
  };
});
afterAll(async () => {
  await stripe?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const reasonOf = async (call: Promise<unknown>) => readGrpcError(await call.catch((error: unknown) => error)).reason;
const command = (channel: string, amountMicros: bigint, requestId = channel) => ({
  requestId,
  channel,
  amountMicros,
  currency: 'CNY',
  serialNumber: '',
});

describe('recharges over gRPC', () => {
  let billing: Billing;
  let gateway: Clients;
  beforeAll(async () => {
    billing = await platform.start(changes);
    gateway = await platform.clients(billing, 'gateway');
  });
  afterAll(() => billing[Symbol.asyncDispose]());

  const post = async (serialNumber: string, amountMicros: bigint, reference: string) => {
    const transfer = { serialNumber, amountMicros, currency: 'CNY', payer: 'Acme', reference, bookedAt: new Date(0) };
    const token = await platform.operatorToken();
    return gateway.bankTransfers.postBankTransfers({ transfers: [transfer] }, { token });
  };

  it('go from an offer over a signed webhook to money in the wallet', async () => {
    const token = await platform.token(aTenant());
    const { recharge } = await gateway.recharges.createRecharge(command('stripe', 50n * YUAN), { token });
    const intentId = recharge?.instructions['payment_intent'] ?? '';
    stripe.pay(intentId);
    const { body, headers } = stripe.event('payment_intent.succeeded', stripe.intents.get(intentId) ?? {});
    const told = { channel: 'stripe', body: Buffer.from(body), headers };
    for (const _twice of [1, 2]) {
      expect(await gateway.webhooks.receiveProviderWebhook(told)).toEqual({ rechargeId: recharge?.rechargeId });
    }
    const { wallet } = await gateway.wallet.getWallet({}, { token });
    expect(wallet?.postedMicros).toBe(50n * YUAN);
    const wish = { rechargeId: recharge?.rechargeId ?? '' };
    const one = await gateway.recharges.getRecharge(wish, { token });
    expect(one.recharge).toMatchObject({
      status: 'succeeded',
      movements: [{ kind: 'receipt', serialNumber: intentId }],
    });
    const stranger = gateway.recharges.getRecharge(wish, { token: await platform.token(aTenant()) });
    expect(await reasonOf(stranger)).toBe('RECHARGE_NOT_FOUND');
    const forged = gateway.webhooks.receiveProviderWebhook({ ...told, headers: { 'stripe-signature': 't=1,v1=00' } });
    expect(await reasonOf(forged)).toBe('WEBHOOK_SIGNATURE_INVALID');
    const scheduler = await platform.clients(billing, 'scheduler');
    expect(await reasonOf(scheduler.webhooks.receiveProviderWebhook(told))).toBeDefined();
  });

  it('by bank wait for the operator’s word, which nobody else can give', async () => {
    const token = await platform.token(aTenant());
    const { recharge } = await gateway.recharges.createRecharge(command('bank_transfer', 5n * YUAN), { token });
    const reference = recharge?.reference ?? '';
    const { results } = await post('B-1', 5n * YUAN, reference);
    expect(results).toMatchObject([{ outcome: { $case: 'payment', value: { state: 'booked' } } }]);
    expect((await post('B-1', 6n * YUAN, reference)).results).toMatchObject([
      { outcome: { $case: 'refusal', value: { reason: 'SERIAL_NUMBER_REUSED', fields: ['amount_micros'] } } },
    ]);
    const { wallet } = await gateway.wallet.getWallet({}, { token });
    expect(wallet?.postedMicros).toBe(5n * YUAN);
    expect(await reasonOf(gateway.bankTransfers.listIncomingPayments({ state: '' }, { token }))).toBeDefined();
    const { channels } = await gateway.recharges.listRechargeChannels({}, { token });
    expect(channels.map((one) => one.name)).toEqual(['development', 'bank_transfer', 'stripe']);
  });

  it('tell a provider that is away from a mistake, and begin once when asked again', async () => {
    const token = await platform.token(aTenant());
    const before = stripe.intents.size;
    stripe.faults.push('fail_after_effect', 'fail_after_effect');
    const call = () => gateway.recharges.createRecharge(command('stripe', 70n * YUAN), { token });
    expect(await reasonOf(call())).toBe('PROVIDER_UNAVAILABLE');
    expect((await call()).recharge).toMatchObject({ status: 'pending' });
    expect(stripe.intents.size).toBe(before + 1);
  });
});

describe('kill -9 of billing between the payment at the provider and its booking', () => {
  it('books every payment once', { timeout: 180_000 }, async () => {
    const tenant = aTenant();
    const { $client: pool } = platform.database.db;
    await offerAndPay(tenant);
    await pool.query(`update recharges set next_check_at = now() where account_id = $1`, [tenant.accountId]);
    const environment = {
      ...platform.environment(),
      STRIPE_SECRET_KEY: 'sk_test_1',
      STRIPE_API_BASE: stripe.url,
      REPLICA_ID: 'killed',
    };
    const booked = async () => {
      const { rows } = await pool.query(`select count(*)::int as n from recharges
        where account_id = '${tenant.accountId}' and status = 'succeeded'`);
      return rows[0].n as number;
    };
    let replica = start(environment);
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const calls = stripe.calls.length;
        // The last thing that is asked before a payment is booked is its disputes.
        await eventually(
          async () => stripe.calls.slice(calls).includes('GET /v1/disputes') || (await booked()) === RECHARGES,
          { timeoutMs: 60_000 },
        );
        replica.kill('SIGKILL');
        await once(replica, 'exit');
        replica = start(environment);
      }
      await eventually(async () => (await booked()) === RECHARGES, { timeoutMs: 60_000 });
    } finally {
      replica.kill('SIGKILL');
      await once(replica, 'exit');
    }
    const wallets = await pool.query(`select posted_micros::text as posted from wallets where account_id = $1`, [
      tenant.accountId,
    ]);
    expect(wallets.rows).toEqual([{ posted: (BigInt(RECHARGES) * 10n * YUAN).toString() }]);
    const { driftMicros, broken } = await auditLedger(platform.database.db, systemClock.now());
    expect({ driftMicros, broken }).toEqual({ driftMicros: '0', broken: {} });
  });
});

async function offerAndPay(tenant: ReturnType<typeof aTenant>): Promise<void> {
  await using billing = await platform.start(changes);
  const { recharges } = await platform.clients(billing, 'gateway');
  const token = await platform.token(tenant);
  for (let i = 0; i < RECHARGES; i++) {
    const { recharge } = await recharges.createRecharge(command('stripe', 10n * YUAN, `r${i}`), { token });
    stripe.pay(recharge?.instructions['payment_intent'] ?? '');
  }
}

function start(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    env: { ...env, PATH: process.env.PATH, LOG_LEVEL: 'silent' },
    stdio: 'ignore',
  });
}
