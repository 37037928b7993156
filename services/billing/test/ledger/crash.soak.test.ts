import { type Rng, seededRng, systemClock, systemIds } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { auditLedger } from '../../src/adapters/postgres/audit-ledger.ts';
import { aTenant, type Platform, startPlatform } from '../harness.ts';
import { createLoad, type Tally, USAGE_MICROS } from './crash-load.ts';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.ts';
import { type Replica, startReplica } from './replicas.ts';

const REPLICAS = 3;
const KILLS = Number(process.env['KILLS'] ?? 100);
const RESTARTS = Number(process.env['RESTARTS'] ?? 20);
const SEED = Number(process.env['SEED'] ?? systemClock.now() % 1_000_000_000);
const LATE_USAGE_MS = 3_000;
const CALLERS = 8;
const FUNDS_MICROS = 1_000_000_000_000n;
const MAX_PAUSE_MS = 4_500;
const SETTLE_MS = 180_000;

it(`${KILLS} kills of three replicas and ${RESTARTS} restarts of PostgreSQL under load lose nothing and do nothing twice (seed ${SEED})`, async () => {
  const rng = seededRng(SEED);
  await using postgres = await startOwnPostgres();
  await using platform = await startPlatform({ database: postgres.database });
  const lateUsage = { environment: () => ({ ...platform.environment(), LATE_USAGE_MS: String(LATE_USAGE_MS) }) };
  await using replicas = new AsyncDisposableStack();
  const three = await Promise.all(
    Array.from({ length: REPLICAS }, async (_, i) =>
      replicas.use(await startReplica({ ...platform, ...lateUsage }, `replica-${i}`)),
    ),
  );
  await Promise.all(three.map((replica) => replica.untilReady()));
  const tenant = aTenant();
  const walletId = await openFundedWallet(platform, tenant.accountId);
  await using load = await createLoad(
    platform,
    three.map((replica) => replica.address),
    seededRng(SEED + 1),
  );

  const stop = new AbortController();
  let next = 0;
  const caller = async () => {
    while (!stop.signal.aborted) {
      const n = next++;
      await load.placeUseClose(n, tenant);
      await load.payAndReverse(n, walletId);
    }
  };
  const startedAt = systemClock.monotonicMs();
  const breaking = breakThings(rng, three, postgres).finally(() => stop.abort());
  await Promise.all([breaking, ...Array.from({ length: CALLERS }, caller)]);

  const { db } = platform.database;
  const { usages, placed } = load.tally;
  await eventually(async () => (await countOf(db, 'usage_events')) === usages.length, { timeoutMs: SETTLE_MS });
  await eventually(async () => (await countOf(db, 'holds where resolved_at is null')) === 0, { timeoutMs: SETTLE_MS });
  const report = await auditLedger(db, systemClock.now());
  print(load.tally, report, systemClock.monotonicMs() - startedAt);
  expect(report).toMatchObject({ driftMicros: '0', broken: {}, usageRated: usages.length, usageParked: 0 });
  expect(report).toMatchObject({ charges: usages.length, holds: placed.length });
  const { rows } = await db.$client.query('select posted_micros::text as posted from wallets where id = $1', [
    walletId,
  ]);
  expect(rows).toEqual([{ posted: (FUNDS_MICROS - BigInt(usages.length) * USAGE_MICROS).toString() }]);
  const { rows: pays } = await db.$client.query(
    `select count(*) filter (where kind = 'post')::int as paid, count(*) filter (where kind = 'reversal')::int as reversed
     from transfers where reference = 'crash'`,
  );
  expect(pays).toEqual([{ paid: load.tally.transfers, reversed: load.tally.reversals }]);
});

/** Kills and restarts in random order with random pauses; a replica that was killed may be killed again while it starts. */
async function breakThings(rng: Rng, replicas: readonly Replica[], postgres: OwnPostgres): Promise<void> {
  const acts = [...Array.from({ length: KILLS }, () => 'kill'), ...Array.from({ length: RESTARTS }, () => 'restart')];
  for (let i = acts.length - 1; i > 0; i--) {
    const j = Math.floor(rng.next() * (i + 1));
    [acts[i], acts[j]] = [acts[j] as string, acts[i] as string];
  }
  for (const act of acts) {
    await systemClock.sleep(rng.next() * MAX_PAUSE_MS);
    if (act === 'restart') await postgres.restart(rng.next() < 0.5 ? 'fast' : 'immediate');
    else await replicas[Math.floor(rng.next() * replicas.length)]?.crash();
  }
}

async function openFundedWallet(platform: Platform, accountId: string): Promise<string> {
  const walletId = systemIds.next('wlt');
  const { $client } = platform.database.db;
  await $client.query(
    `with opened as (insert into wallets (id, account_id, currency, created_at) values ($1, $2, 'CNY', now()) returning id)
     insert into accounts (id, kind, currency, created_at) select id, 'wallet', 'CNY', now() from opened`,
    [walletId, accountId],
  );
  await $client.query(
    `insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, reference, created_at)
     values ('funds', 'post', 'movement', 'platform:write_off', $1, $2, 'funds', now())`,
    [walletId, FUNDS_MICROS],
  );
  return walletId;
}

async function countOf(db: Platform['database']['db'], what: string): Promise<number> {
  const { rows } = await db.$client.query(`select count(*)::int as count from ${what}`);
  return (rows[0] as { count: number }).count;
}

function print(tally: Tally, report: object, tookMs: number): void {
  const { placed, closed, usages, transfers, reversals } = tally;
  const load = { holds: placed.length, closed, usages: usages.length, transfers, reversals };
  process.stderr.write(
    `${JSON.stringify({ seed: SEED, kills: KILLS, restarts: RESTARTS, ...load, seconds: Math.round(tookMs / 1_000), report })}\n`,
  );
}
