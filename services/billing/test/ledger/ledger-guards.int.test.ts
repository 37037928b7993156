import { sqlState } from '@suanli/postgres';
import { systemClock, systemContext } from '@suanli/kernel';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { getWallet } from '../../src/app/wallet/get-wallet.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { aTenantPath, aUsage, HOUR_MS } from '../../src/testing/builders.ts';
import { billingOnPostgres } from '../under-test.ts';

const VERIFY = fileURLToPath(new URL('../../src/verify.ts', import.meta.url));
const RESTRICTED = '23001';
const FORBIDDEN = '42501';
const CHECK_FAILED = '23514';
const UNKNOWN_ACCOUNT = '23503';

describe('the database itself', () => {
  let billing: Awaited<ReturnType<typeof billingOnPostgres>>;
  let service: pg.Client;
  let admin: pg.Client;

  beforeAll(async () => {
    billing = await billingOnPostgres();
    service = new pg.Client(billing.url);
    admin = new pg.Client(billing.adminUrl);
    await Promise.all([service.connect(), admin.connect()]);
    const { deps } = billing;
    const tenant = aTenantPath();
    const ctx = systemContext(tenant, 'test', new AbortController().signal);
    await recharge(deps, ctx, {
      requestId: '1',
      channel: 'development',
      amountMicros: 500n,
      currency: 'CNY',
      serialNumber: '',
    });
    const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
    const place = { tenant, amountMicros: 100n, expiresAt: systemClock.now() + HOUR_MS, purpose };
    const [, ended] = await placeHolds(deps, [
      { ...place, requestId: 'a' },
      { ...place, requestId: 'b' },
    ]);
    if (ended?.outcome.kind !== 'held') throw new Error('the hold was refused');
    await deps.transact((stores) =>
      rateUsages(deps, stores, [
        aUsage({ holdId: ended.outcome.kind === 'held' ? ended.outcome.hold.id : '', isFinal: true }),
      ]),
    );
    await getWallet(deps, ctx);
  });
  afterAll(async () => {
    await Promise.all([service.end(), admin.end()]);
    await billing[Symbol.asyncDispose]();
  });

  const refusalOf = async (client: pg.Client, statement: string) =>
    client.query(statement).then(
      () => 'done',
      (error: unknown) => sqlState(error),
    );

  it.each(['transfers', 'entries', 'accounts', 'prices', 'recharge_movements', 'charges'])(
    'refuses to rewrite %s, even for its owner',
    async (table) => {
      const column = table === 'entries' ? 'account_id' : 'id';
      expect(await refusalOf(admin, `update ${table} set ${column} = ${column}`)).toBe(RESTRICTED);
      expect(await refusalOf(admin, `delete from ${table}`)).toBe(RESTRICTED);
      expect(await refusalOf(admin, `truncate ${table} cascade`)).toBe(RESTRICTED);
      expect(await refusalOf(service, `update ${table} set ${column} = ${column}`)).toBe(FORBIDDEN);
      expect(await refusalOf(service, `delete from ${table}`)).toBe(FORBIDDEN);
    },
  );

  it.each([
    ['give a wallet money', 'update wallets set posted_micros = 1000000'],
    ['free what is held', 'update wallets set pending_micros = 0'],
    [
      'open a wallet with money in it',
      "insert into wallets (id, account_id, currency, created_at, posted_micros) values ('wlt_x', 'acc_x', 'CNY', now(), 5)",
    ],
    ['drop a wallet', 'delete from wallets'],
    ['drop a hold', 'delete from holds'],
    [
      'write an entry',
      "insert into entries select transfer_id, 'platform:revenue', null, 5, 0, null, now() from entries limit 1",
    ],
    ['forget usage', 'delete from usage_events'],
  ])('does not let the role of the service %s', async (_what, statement) => {
    expect(await refusalOf(service, statement)).toBe(FORBIDDEN);
  });

  const transfer = (kind: string, from: string, to: string, amount: number) =>
    `insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, reference, created_at)
     values ('trf_' || gen_random_uuid(), '${kind}', 'charge', ${from}, '${to}', ${amount}, '', now())`;
  const wallet = '(select id from wallets limit 1)';

  it.each([
    ['more than a wallet has', transfer('post', wallet, 'platform:revenue', 394), CHECK_FAILED],
    ['nothing', transfer('post', wallet, 'platform:revenue', 0), CHECK_FAILED],
    ['a negative amount', transfer('post', wallet, 'platform:revenue', -5), CHECK_FAILED],
    ['to the account it comes from', transfer('post', "'platform:revenue'", 'platform:revenue', 1), CHECK_FAILED],
    ['to an account that does not exist', transfer('post', wallet, 'platform:nowhere', 1), UNKNOWN_ACCOUNT],
    ['out of a reserve without a hold', transfer('post_pending', wallet, 'platform:revenue', 1), CHECK_FAILED],
  ])('moves no %s', async (_what, statement, state) => {
    expect(await refusalOf(service, statement)).toBe(state);
  });

  it('lets a hold be neither exceeded nor resolved twice', async () => {
    expect(await refusalOf(service, "update holds set captured_micros = 101 where status = 'active'")).toBe(
      CHECK_FAILED,
    );
    expect(
      await refusalOf(service, "update holds set released_micros = 1, captured_micros = 100 where status = 'active'"),
    ).toBe(CHECK_FAILED);
    expect(await refusalOf(service, "update holds set resolved_at = now() where status = 'active'")).toBe(CHECK_FAILED);
    expect(await refusalOf(service, 'update holds set version = version + 1 where resolved_at is not null')).toBe(
      RESTRICTED,
    );
  });

  describe('refolded by the verifier', () => {
    const shift = (table: string, column: string, by: string, where = 'true') =>
      (['+', '-'] as const).map((sign) => `update ${table} set ${column} = ${column} ${sign} ${by} where ${where}`);

    it.each([
      ['walletsEqualTheirEntries', ...shift('wallets', 'posted_micros', '3')],
      ['balancesRunOn', ...shift('entries', 'posted_after_micros', '1', 'sequence = 1')],
      ['transfersSumToZero', ...shift('entries', 'posted_micros', '1', 'sequence is null')],
      [
        'rechargesEqualTheirTransfers',
        'update recharge_movements set amount_micros = amount_micros + 1, wallet_micros = wallet_micros + 1',
        'update recharge_movements set amount_micros = amount_micros - 1, wallet_micros = wallet_micros - 1',
      ],
      ['rechargesEqualTheirMovements', ...shift('recharges', 'received_micros', '1')],
      [
        'debtsEqualTheirTransfers',
        "insert into debts values ('acc_x', 5, now())",
        "delete from debts where account_id = 'acc_x'",
      ],
      ['walletsHoldWhatTheirHoldsHave', ...shift('holds', 'amount_micros', '2', "status = 'active'")],
      ['holdsEqualTheirTransfers', ...shift('holds', 'amount_micros', '2', "status = 'active'")],
      ['holdsEndInTime', ...shift('holds', 'release_at', "interval '-9000 days'", "status = 'active'")],
      ['billLinesEqualTheirPrice', ...shift('bill_lines', 'quantity', '3')],
      ['billLinesEqualTheirCharges', ...shift('charges', 'quantity', '1')],
      [
        'chargesEqualTheirTransfers',
        'update charges set held_micros = held_micros - 1, wallet_micros = wallet_micros + 1',
        'update charges set held_micros = held_micros + 1, wallet_micros = wallet_micros - 1',
      ],
      ['usageIsChargedOnce', ...shift('usage_events', 'charge_count', '1')],
      ['factsAreChargedAsLastTold', ...shift('charges', 'quantity', '1')],
    ] as [string, string, string][])('a forgery is found: %s', async (check, forge, repair) => {
      await admin.query('set session_replication_role = replica'); // Only a superuser can: past every trigger.
      await admin.query(forge);
      const found = await billing.report();
      await admin.query(repair);
      expect(Object.keys(found.broken)).toContain(check);
      expect((await billing.report()).broken).toEqual({});
    });

    it('by its own process: one JSON object, and an exit code that tells', { timeout: 60_000 }, async () => {
      const counts = { wallets: 1, transfers: 5, entries: 10, holds: 2, activeHolds: 1, charges: 1, billLines: 1 };
      expect(await verify(billing.url)).toMatchObject({ code: 0, report: { driftMicros: '0', broken: {}, ...counts } });
      await admin.query('set session_replication_role = replica');
      await admin.query('update wallets set posted_micros = posted_micros + 3');
      expect(await verify(billing.url)).toMatchObject({ code: 1, report: { driftMicros: '3' } });
      await admin.query('update wallets set posted_micros = posted_micros - 3');
    });
  });
});

/** As `npm run ledger:verify` runs it. */
function verify(
  url: string,
): Promise<{ code: number; report: { driftMicros: string; broken: Record<string, number> } }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [VERIFY],
      { env: { DATABASE_URL: url, PATH: process.env.PATH } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code);
        if (stdout === '') reject(new Error(stderr));
        else resolve({ code, report: JSON.parse(stdout) });
      },
    );
  });
}
