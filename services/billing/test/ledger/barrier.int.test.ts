import { createGrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { CURRENCY, seededRng, systemClock, systemIds } from '@suanli/kernel';
import { HoldServiceClient, PlaceHold } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { LedgerServiceClient } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { describe, expect, it } from 'vitest';
import { auditLedger } from '../../src/adapters/postgres/audit-ledger.ts';
import { aTenant, type Platform, startPlatform, tenantMessage } from '../harness.ts';
import { startReplica } from './replicas.ts';

const REPLICAS = 3;
const CALLERS = 200;
const RANDOM_BARRIERS = 20;
const REVERSED = 100;
const HOLD_MICROS = 10n;
const HOUR_MS = 3_600_000;
const DEADLINE_MS = 30_000;
const SEED = Number(process.env['SEED'] ?? systemClock.now() % 1_000_000_000);

describe(`callers spread over three replicas, all at once (seed ${SEED})`, { timeout: 240_000 }, () => {
  it('are admitted exactly as often as the wallet is good for, and a reversal ordered twice happens once', async () => {
    await using platform = await startPlatform();
    await using three = await startThree(platform);
    const rng = seededRng(SEED);
    const drawn = Array.from({ length: RANDOM_BARRIERS }, () => Math.floor(rng.next() * (CALLERS + 1)));
    for (const good of [0, 1, CALLERS - 1, CALLERS, ...drawn]) {
      const tenant = await aFundedTenant(platform, three, BigInt(good) * HOLD_MICROS + (HOLD_MICROS - 1n));
      const outcomes = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => hold(three, tenant, caller)));
      const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
      expect({ good, held: count('held'), refused: count('insufficient_funds') }).toEqual({
        good,
        held: good,
        refused: CALLERS - good,
      });
    }
    await reverseTwice(platform, three);
    const report = await auditLedger(platform.database.db, systemClock.now());
    expect(report).toMatchObject({ driftMicros: '0', broken: {} });
  });
});

type Three = Awaited<ReturnType<typeof startThree>>;

async function startThree(platform: Platform) {
  await using boot = new AsyncDisposableStack();
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, async (_, i) => boot.use(await startReplica(platform, `replica-${i}`))),
  );
  await Promise.all(replicas.map((replica) => replica.untilReady()));
  const connect = async (service: string) => {
    const tls = await platform.identity(service);
    return replicas.map(({ address }) => ({ address, tls, defaultDeadlineMs: DEADLINE_MS }));
  };
  const holds = (await connect('scheduler')).map((to) => boot.use(createGrpcClient(HoldServiceClient, to)));
  const ledgers = (await connect('gateway')).map((to) => boot.use(createGrpcClient(LedgerServiceClient, to)));
  const owned = boot.move();
  const pick = <T>(of: readonly T[], caller: number): T => {
    const one = of[caller % of.length];
    if (one === undefined) throw new Error('unreachable');
    return one;
  };
  return {
    holds: (caller: number) => pick(holds, caller),
    ledger: (caller: number) => pick(ledgers, caller),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function hold(three: Three, tenant: ReturnType<typeof aTenant>, caller: number): Promise<string> {
  const command = {
    requestId: `${tenant.accountId}/${caller}`,
    tenant: tenantMessage(tenant),
    amountMicros: HOLD_MICROS,
    expiresAt: new Date(systemClock.now() + HOUR_MS),
    purpose: { kind: 'job', id: `job_${caller}`, epoch: 1 },
  };
  const request = { commands: [PlaceHold.fromPartial(command)] };
  const { results } = await three.holds(caller).placeHolds(request);
  const outcome = results[0]?.outcome;
  return outcome?.$case === 'refusal' ? outcome.value.reason : 'held';
}

async function aFundedTenant(platform: Platform, three: Three, amountMicros: bigint) {
  const tenant = aTenant();
  const walletId = await openWallet(platform, tenant.accountId);
  await post(three, 0, 'platform:write_off', walletId, amountMicros);
  return tenant;
}

/** As the event of an account's opening does. */
async function openWallet(platform: Platform, accountId: string): Promise<string> {
  const walletId = systemIds.next('wlt');
  const { $client } = platform.database.db;
  await $client.query(
    `with opened as (insert into wallets (id, account_id, currency, created_at) values ($1, $2, 'CNY', now()) returning id)
     insert into accounts (id, kind, currency, created_at) select id, 'wallet', 'CNY', now() from opened`,
    [walletId, accountId],
  );
  return walletId;
}

async function post(three: Three, caller: number, fromAccountId: string, toAccountId: string, amountMicros: bigint) {
  const transferId = systemIds.next('trf');
  await three.ledger(caller).submitTransfer({
    command: {
      transferId,
      currency: CURRENCY,
      reference: 'barrier',
      action: { $case: 'post', value: { fromAccountId, toAccountId, amountMicros } },
    },
  });
  return transferId;
}

/** Every payment is reversed by two orders at once, through two replicas: N succeed, N are refused, nothing is left over. */
async function reverseTwice(platform: Platform, three: Three): Promise<void> {
  const walletId = await openWallet(platform, systemIds.next('acc'));
  const paid = await Promise.all(
    Array.from({ length: REVERSED }, (_, caller) => post(three, caller, 'platform:write_off', walletId, 7n)),
  );
  const reverse = async (transferId: string, caller: number) => {
    try {
      await three.ledger(caller).submitTransfer({
        command: {
          transferId: systemIds.next('trf'),
          currency: CURRENCY,
          reference: 'barrier',
          action: { $case: 'reversal', value: { transferId } },
        },
      });
      return 'reversed';
    } catch (error) {
      return readGrpcError(error).reason;
    }
  };
  const outcomes = await Promise.all(paid.flatMap((id, i) => [reverse(id, i), reverse(id, i + 1)]));
  expect(outcomes.filter((outcome) => outcome === 'reversed')).toHaveLength(REVERSED);
  expect(outcomes.filter((outcome) => outcome === 'TRANSFER_ALREADY_REVERSED')).toHaveLength(REVERSED);
  const { rows } = await platform.database.db.$client.query(`select posted_micros from wallets where id = $1`, [
    walletId,
  ]);
  expect(rows).toEqual([{ posted_micros: '0' }]);
}
