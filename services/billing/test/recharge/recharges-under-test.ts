import { invariant, systemContext, systemIds } from '@suanli/kernel';
import { isUnavailable } from '@suanli/postgres';
import { SimClock, testDatabase } from '@suanli/test-kit';
import { bankTransferChannel } from '../../src/adapters/channels/bank-transfer-channel.ts';
import { developmentChannel } from '../../src/adapters/channels/development-channel.ts';
import { stripeChannel } from '../../src/adapters/channels/stripe-channel.ts';
import { auditLedger } from '../../src/adapters/postgres/audit-ledger.ts';
import { postgresTransact } from '../../src/adapters/postgres/create-stores.ts';
import { MIGRATIONS_FOLDER } from '../../src/adapters/postgres/migrations-folder.ts';
import { postgresReads } from '../../src/adapters/postgres/reads.ts';
import { voucherCodes } from '../../src/adapters/voucher-codes.ts';
import type { BillingDeps } from '../../src/app/ports.ts';
import type { RechargeChannel } from '../../src/app/recharges/ports.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import type { Recharge } from '../../src/domain/recharge/recharge.ts';
import { aTenantPath, NOW } from '../../src/testing/builders.ts';
import { type FakeStripe, fakeStripe } from '../../src/testing/fake-stripe.ts';
import { memoryBilling, TEST_POLICY } from '../../src/testing/memory-billing.ts';

export const YUAN = 1_000_000n;
export const SECRET = 'whsec_new';
export const OLD_SECRET = 'whsec_old';
/** Calls of the fake that are never answered cost this much real time, twice. */
const STRIPE_TIMEOUT_MS = 250;

/** Recharges as a suite sees them, whatever keeps the rows; Stripe is a fake behind real HTTP. */
export type RechargesUnderTest = AsyncDisposable & {
  deps: BillingDeps;
  clock: SimClock;
  stripe: FakeStripe;
  /** The sum of all balances and what is owed; throws when a promise of the ledger is broken. */
  audit(): Promise<void>;
};

type Rows = AsyncDisposable & { deps: BillingDeps; audit(): Promise<void> };

async function rechargesOn(
  rowsOf: (clock: SimClock, channels: BillingDeps['channels']) => Promise<Rows>,
): Promise<RechargesUnderTest> {
  const clock = new SimClock(NOW);
  const stripe = await fakeStripe({ secret: SECRET, now: () => clock.now() });
  const config = { secretKey: 'sk_test_1', webhookSecrets: [OLD_SECRET, SECRET], apiBase: stripe.url };
  const all: RechargeChannel[] = [
    developmentChannel,
    bankTransferChannel({ name: 'Suanli', bank: 'Bank of Examples', account: '6222 0000 0000 0000' }),
    stripeChannel({ ...config, timeoutMs: STRIPE_TIMEOUT_MS }, clock),
  ];
  const rows = await rowsOf(clock, new Map(all.map((channel) => [channel.name, channel])));
  return {
    ...rows,
    clock,
    stripe,
    async [Symbol.asyncDispose]() {
      await stripe[Symbol.asyncDispose]();
      await rows[Symbol.asyncDispose]();
    },
  };
}

export const rechargesInMemory = () =>
  rechargesOn(async (clock, channels) => {
    const { deps, state } = memoryBilling(clock);
    return {
      deps: { ...deps, channels },
      async audit() {
        const { debts, transfers } = state();
        const owed = [...debts.values()].reduce((sum, debt) => sum + debt.owedMicros, 0n);
        const lent = transfers.reduce(
          (sum, { fromAccountId, toAccountId, amountMicros }) =>
            sum +
            (fromAccountId === 'platform:receivable' ? amountMicros : 0n) -
            (toAccountId === 'platform:receivable' ? amountMicros : 0n),
          0n,
        );
        invariant(owed === lent, `owed ${owed}, lent ${lent}`);
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

export const rechargesOnPostgres = () =>
  rechargesOn(async (clock, channels) => {
    const database = await testDatabase({
      service: 'billing',
      migrationsFolder: MIGRATIONS_FOLDER,
      maxConnections: 10,
    });
    const { db } = database;
    const deps: BillingDeps = {
      ...memoryBilling(clock).deps,
      transact: postgresTransact(db, systemIds, () => undefined),
      reads: postgresReads(db),
      isUnavailable,
      clock,
      ids: systemIds,
      policy: TEST_POLICY,
      voucherCodes,
      channels,
    };
    return {
      deps,
      async audit() {
        const { driftMicros, broken } = await auditLedger(db, clock.now());
        invariant(driftMicros === '0' && Object.keys(broken).length === 0, JSON.stringify({ driftMicros, broken }));
      },
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  });

export const TENANT = aTenantPath();
export const ctxOf = (accountId: string) => systemContext(aTenantPath(accountId), 'test', new AbortController().signal);

/** Begins a recharge and expects that nothing is wrong with it. */
export async function begin(
  { deps }: RechargesUnderTest,
  channel: string,
  amountMicros: bigint,
  { accountId = TENANT.accountId, requestId = `${channel}/${amountMicros}` } = {},
): Promise<Recharge> {
  const command = { requestId, channel, amountMicros, currency: 'CNY', serialNumber: '' };
  const result = await recharge(deps, ctxOf(accountId), command);
  if (result.kind === 'refused') throw new Error(`recharge refused: ${result.refusal.reason}`);
  return result.recharge;
}

export async function balance({ deps }: RechargesUnderTest, accountId = TENANT.accountId): Promise<bigint> {
  return (await deps.reads.wallet(accountId))?.postedMicros ?? 0n;
}
