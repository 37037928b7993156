import { sqlState } from '@suanli/postgres';
import { systemContext } from '@suanli/kernel';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { grantCredit } from '../../src/app/lots/grant-credit.ts';
import { createVouchers } from '../../src/app/vouchers/create-vouchers.ts';
import { redeemVoucher } from '../../src/app/vouchers/redeem-voucher.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import { aTenantPath, HOUR_MS, NOW } from '../../src/testing/builders.ts';
import { billingOnPostgres } from '../under-test.ts';

const RESTRICTED = '23001';
const FORBIDDEN = '42501';
const CHECK_FAILED = '23514';

describe('the database itself, of credit', () => {
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
    const terms = { amountMicros: 50n, priority: 5, applicability: ANYTHING, reason: 'a campaign' };
    const single = { name: 'spring', codeCount: 1, redemptionsPerCode: 1, maxPerAccount: 1 };
    const vouchers = await createVouchers(deps, 'operator', { requestId: '1', ...terms, ...single });
    const code = vouchers.kind === 'created' ? (vouchers.codes[0] ?? '') : '';
    const ctx = systemContext(tenant, 'test', new AbortController().signal);
    await redeemVoucher(deps, ctx, { requestId: '2', code });
    await grantCredit(deps, 'operator', { requestId: '3', ...terms, accountId: 'acc_1', kind: 'promotional' });
    const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
    await placeHolds(deps, [{ requestId: '4', tenant, amountMicros: 60n, expiresAt: NOW + HOUR_MS, purpose }]);
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

  it('keeps every promise to begin with', async () => {
    expect((await billing.report()).broken).toEqual({});
  });

  it.each(['transfer_lots', 'voucher_redemptions'])('refuses to rewrite %s, even for its owner', async (table) => {
    const column = table === 'transfer_lots' ? 'reference' : 'batch_id';
    expect(await refusalOf(admin, `update ${table} set ${column} = ${column}`)).toBe(RESTRICTED);
    expect(await refusalOf(admin, `delete from ${table}`)).toBe(RESTRICTED);
    expect(await refusalOf(service, `update ${table} set ${column} = ${column}`)).toBe(FORBIDDEN);
    expect(await refusalOf(service, `truncate ${table}`)).toBe(FORBIDDEN);
  });

  it.each([
    ['fill a lot', 'update credit_lots set remaining_micros = granted_micros'],
    ['free a lot', 'update credit_lots set reserved_micros = 0'],
    ['prolong a lot', 'update credit_lots set expires_at = null'],
    ['drop a lot', 'delete from credit_lots'],
    [
      'make a lot with something in it',
      `insert into credit_lots (id, wallet_id, account_id, kind, priority, effective_at, products, items, regions,
        granted_micros, reason, reference, created_at, remaining_micros)
       select 'lot_x', wallet_id, account_id, kind, 1, now(), '{}', '{}', '{}', 5, '', '', now(), 5 from credit_lots limit 1`,
    ],
    ['count lots', 'update wallets set lot_remaining_micros = 0'],
    ['make a code good for more', 'update voucher_codes set max_redemptions = 9'],
    ['raise what a voucher is worth', 'update voucher_batches set amount_micros = 9'],
    ['forget tries', 'delete from voucher_attempts'],
  ])('does not let the role of the service %s', async (_what, statement) => {
    expect(await refusalOf(service, statement)).toBe(FORBIDDEN);
  });

  /** A transfer out of the wallet with parts of lots, in one transaction. */
  const pay = (amount: number, parts: readonly { lot: string; amount: number }[]) => `
    begin;
    insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, reference, created_at)
      select 'trf_forged', 'post', 'charge', id, 'platform:revenue', ${amount}, 'bil_x', now() from wallets;
    ${parts.map((part) => `insert into transfer_lots select 'trf_forged', ${part.lot}, ${part.amount}, 'bil_x';`).join('\n')}
    commit`;
  const free = '(select id from credit_lots where remaining_micros > reserved_micros order by priority, id limit 1)';

  it.each([
    ['credit as if it were cash', pay(1, [])],
    ['more than a lot has left', pay(45, [{ lot: free, amount: 45 }])],
    ['parts that are more than their transfer', pay(1, [{ lot: free, amount: 2 }])],
    ['parts of nothing', pay(1, [{ lot: free, amount: 0 }])],
  ])('moves no %s', async (_what, statement) => {
    expect(await refusalOf(service, statement)).toBe(CHECK_FAILED);
    await service.query('rollback');
  });

  it('lets a code be redeemed no more often than it may', async () => {
    expect(await refusalOf(service, 'update voucher_codes set redemptions = redemptions + 1')).toBe(CHECK_FAILED);
  });

  const shift = (table: string, column: string, by: string, where = 'true') =>
    (['+', '-'] as const).map((sign) => `update ${table} set ${column} = ${column} ${sign} ${by} where ${where}`);

  it.each([
    [
      'lotsEqualTheirTransfers',
      ...shift('credit_lots', 'remaining_micros', '-1', 'remaining_micros > reserved_micros + 1'),
    ],
    ['lotsEqualTheirTransfers', ...shift('credit_lots', 'reserved_micros', '-1', 'reserved_micros > 0')],
    ['lotsEqualTheirTransfers', ...shift('credit_lots', 'broken_micros', '1')],
    ['walletsEqualTheirLots', ...shift('wallets', 'lot_remaining_micros', '-1')],
    ['walletsEqualTheirLots', ...shift('wallets', 'lot_count', '1')],
    ['cashKeepsItsFloor', ...shift('wallets', 'lot_remaining_micros', '1')],
    ['cashKeepsItsFloor', ...shift('wallets', 'lot_reserved_micros', '1')],
    ['partsFitTheirTransfers', ...shift('transfer_lots', 'amount_micros', '100')],
    [
      'partsFitTheirTransfers',
      "update transfer_lots set reference = reference || '!'",
      "update transfer_lots set reference = rtrim(reference, '!')",
    ],
    ['holdsEqualTheirLots', ...shift('transfer_lots', 'amount_micros', '1')],
    [
      'vouchersEqualTheirRedemptions',
      'update voucher_codes set redemptions = 0',
      'update voucher_codes set redemptions = 1',
    ],
  ] as [string, string, string][])('a forgery is found: %s', async (check, forge, repair) => {
    await admin.query('set session_replication_role = replica'); // Only a superuser can: past every trigger.
    await admin.query(forge);
    const found = await billing.report();
    await admin.query(repair);
    await admin.query('set session_replication_role = origin');
    expect(Object.keys(found.broken)).toContain(check);
    expect((await billing.report()).broken).toEqual({});
  });
});
