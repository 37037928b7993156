import type { TenantPath } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { outbox } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Billing } from '../../src/service.ts';
import { aTenant, ACCOUNT_OPENED, type Clients, type Platform, startPlatform, tenantMessage } from '../harness.ts';

const HOUR_MS = 3_600_000;
const PERMISSION_DENIED = 7;
const anything = { products: [], items: [], regions: [] };

describe('credit over gRPC', () => {
  let platform: Platform;
  let billing: Billing;
  let operator: Clients;
  let scheduler: Clients;

  beforeAll(async () => {
    platform = await startPlatform();
    billing = await platform.start();
    operator = await platform.clients(billing, 'gateway');
    scheduler = await platform.clients(billing, 'scheduler');
  });
  afterAll(async () => {
    await billing[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  async function anAccount(): Promise<{ tenant: TenantPath; as: { token: string } }> {
    const tenant = aTenant();
    const as = { token: await platform.token(tenant) };
    await platform.publish(ACCOUNT_OPENED, { accountId: tenant.accountId });
    await operator.wallet.getWallet({}, as);
    return { tenant, as };
  }

  const grantOf = (accountId: string, changes: object = {}) => ({
    requestId: `grant-${accountId}`,
    accountId,
    operatorId: 'operator_1',
    kind: 'promotional',
    amountMicros: 100n,
    priority: 10,
    effectiveAt: undefined,
    expiresAt: undefined,
    applicability: anything,
    reason: 'a gift',
    ...changes,
  });
  const vouchersOf = (requestId: string, changes: object = {}) => ({
    requestId,
    operatorId: 'operator_1',
    name: 'spring',
    amountMicros: 20n,
    codeCount: 2,
    redemptionsPerCode: 1,
    maxPerAccount: 2,
    redeemFrom: undefined,
    redeemUntil: undefined,
    creditValidDays: 30,
    priority: 5,
    applicability: anything,
    reason: 'a campaign',
    ...changes,
  });

  it('is given, told from cash, held for what it is meant for, and seen by its owner alone', async () => {
    const { tenant, as } = await anAccount();
    const applicability = { ...anything, items: ['gpu.a100-80g'] };
    const { lot } = await operator.creditAdmin.grantCredit(grantOf(tenant.accountId, { applicability }));
    const { wallet } = await operator.wallet.getWallet({}, as);
    expect(wallet).toMatchObject({ postedMicros: 100n, cashMicros: 0n, creditMicros: 100n });
    const place = {
      requestId: `hold-${tenant.accountId}`,
      tenant: tenantMessage(tenant),
      amountMicros: 60n,
      expiresAt: new Date(Date.now() + HOUR_MS),
      purpose: { kind: 'job', id: 'job_1', epoch: 1 },
      dryRun: false,
    };
    const other = { product: '', item: 'gpu.h100-80g', region: '' };
    const meant = { ...other, item: 'gpu.a100-80g' };
    const { results } = await scheduler.hold.placeHolds({
      commands: [
        { ...place, scope: other },
        { ...place, requestId: `${place.requestId}-meant`, scope: meant },
      ],
    });
    expect(results.map((result) => result.outcome?.$case)).toEqual(['refusal', 'hold']);
    const seen = await operator.credits.getCreditLot({ lotId: lot?.lotId ?? '' }, as);
    expect(seen.lot).toMatchObject({
      status: 'active',
      remainingMicros: 100n,
      reservedMicros: 60n,
      reference: 'operator_1',
    });
    const { movements } = await operator.credits.listCreditLotMovements(
      { lotId: lot?.lotId ?? '', page: { limit: 1, cursor: '' } },
      as,
    );
    expect(movements).toMatchObject([{ kind: 'hold', remainingMicros: 0n, reservedMicros: 60n }]);
    const stranger = await anAccount();
    const asked = operator.credits.getCreditLot({ lotId: lot?.lotId ?? '' }, stranger.as);
    await expect(asked).rejects.toMatchObject({ reason: 'CREDIT_LOT_NOT_FOUND' });
    const list = await operator.credits.listCreditLots({ page: undefined, status: '' }, stranger.as);
    expect(list.lots).toEqual([]);
  });

  it('comes from vouchers whose codes are nowhere kept', async () => {
    const { tenant, as } = await anAccount();
    const { batch, codes } = await operator.creditAdmin.createVouchers(vouchersOf('v1'));
    const [code = ''] = codes;
    const redeem = (requestId: string, typed: string) => operator.credits.redeemVoucher({ requestId, code: typed }, as);
    expect((await redeem('r1', code)).lot).toMatchObject({
      kind: 'voucher',
      accountId: tenant.accountId,
      grantedMicros: 20n,
    });
    await expect(redeem('r2', code)).rejects.toMatchObject({ reason: 'VOUCHER_ALREADY_REDEEMED' });
    await expect(redeem('r3', `${code}A`)).rejects.toMatchObject({ reason: 'VOUCHER_CODE_MALFORMED' });
    const { batches } = await operator.creditAdmin.listVoucherBatches({ page: undefined });
    expect(batches).toMatchObject([{ batchId: batch?.batchId, redemptions: 1 }]);
    await operator.creditAdmin.withdrawVouchers({ batchId: batch?.batchId ?? '' });
    await expect(redeem('r4', codes[1] ?? '')).rejects.toMatchObject({ reason: 'VOUCHER_WITHDRAWN' });
    const { rows } = await platform.database.db.execute<{ kept: string }>(sql`
      select count(*)::text as kept from (
        select requests::text from requests union all select voucher_codes::text from voucher_codes
        union all select outbox::text from outbox) everything (line)
      where line like ${`%${code}%`} or line like ${`%${code.replaceAll('-', '')}%`}`);
    expect(rows).toEqual([{ kept: '0' }]);
  });

  it('breaks by itself when its time has passed, and the event tells how much', async () => {
    const { tenant } = await anAccount();
    const expiresAt = new Date(Date.now() + 2_500);
    await operator.creditAdmin.grantCredit(grantOf(tenant.accountId, { expiresAt }));
    await eventually(async () => {
      const rows = await platform.database.db.select().from(outbox).orderBy(outbox.position);
      const mine = rows.filter((row) => JSON.stringify(row.payload).includes(tenant.accountId));
      const told = mine.map((row) => row.subject).filter((subject) => subject.includes('.lot.'));
      expect(told).toEqual(['suanli.billing.lot.expiring.v1', 'suanli.billing.lot.expired.v1']);
    });
  });

  it('is refused precisely', async () => {
    const { tenant } = await anAccount();
    const refusedWith = (changes: object) => operator.creditAdmin.grantCredit(grantOf(tenant.accountId, changes));
    await expect(refusedWith({ amountMicros: 0n })).rejects.toMatchObject({ reason: 'AMOUNT_OUT_OF_RANGE' });
    await expect(refusedWith({ kind: 'voucher' })).rejects.toMatchObject({ reason: 'CREDIT_KIND_UNKNOWN' });
    await expect(refusedWith({ accountId: 'acc_none' })).rejects.toMatchObject({ reason: 'WALLET_NOT_FOUND' });
    await expect(refusedWith({ operatorId: '' })).rejects.toMatchObject({ reason: 'FIELD_MISSING' });
    await expect(refusedWith({ expiresAt: new Date(0) })).rejects.toMatchObject({ reason: 'EXPIRY_IN_PAST' });
    const none = operator.creditAdmin.withdrawVouchers({ batchId: 'vou_none' });
    await expect(none).rejects.toMatchObject({ reason: 'VOUCHER_BATCH_NOT_FOUND' });
    const notTheirs = scheduler.creditAdmin.grantCredit(grantOf(tenant.accountId));
    await expect(notTheirs).rejects.toMatchObject({ status: PERMISSION_DENIED });
  });

  it('is not given to a frozen account, nor may that redeem', async () => {
    const { tenant, as } = await anAccount();
    await platform.database.db.execute(
      sql`update wallets set status = 'frozen' where account_id = ${tenant.accountId}`,
    );
    const granted = operator.creditAdmin.grantCredit(grantOf(tenant.accountId));
    await expect(granted).rejects.toMatchObject({ reason: 'ACCOUNT_FROZEN' });
    const { codes } = await operator.creditAdmin.createVouchers(vouchersOf('v2'));
    const redeemed = operator.credits.redeemVoucher({ requestId: 'r', code: codes[0] ?? '' }, as);
    await expect(redeemed).rejects.toMatchObject({ reason: 'ACCOUNT_FROZEN' });
  });
});
