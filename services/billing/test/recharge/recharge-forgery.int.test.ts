import pg from 'pg';
import { expect, it } from 'vitest';
import { receiveBankTransfers } from '../../src/app/recharges/receive-bank-transfers.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { pay } from '../rating/bench.ts';
import { NOW } from '../../src/testing/builders.ts';
import { billingOnPostgres } from '../under-test.ts';
import { bankTransferChannel } from '../../src/adapters/channels/bank-transfer-channel.ts';
import { ctxOf, TENANT, YUAN } from './recharges-under-test.ts';

it.each([
  ['is booked without a movement', "update recharge_movements set serial_number = serial_number || '!'"],
  ['moved another amount than arrived', 'update incoming_payments set amount_micros = amount_micros + 1'],
  ['was booked on another recharge', "update incoming_payments set recharge_id = recharge_id || '!'"],
])('the audit finds that a payment %s: paymentsAreBookedOnce', async (_story, forgery) => {
  await using billing = await billingOnPostgres();
  const bank = bankTransferChannel({ name: 'Suanli', bank: 'Bank of Examples', account: '6222 0000 0000 0000' });
  const deps = { ...billing.deps, channels: new Map([[bank.name, bank]]) };
  const wish = { requestId: '1', channel: bank.name, amountMicros: 100n * YUAN, currency: 'CNY', serialNumber: '' };
  const offered = await recharge(deps, ctxOf(TENANT.accountId), wish);
  if (offered.kind === 'refused') throw new Error(offered.refusal.reason);
  const { reference: note } = offered.recharge;
  const arrived = { serialNumber: 'BANK-1', amountMicros: 100n * YUAN, currency: 'CNY', payer: 'Acme Ltd', note };
  expect(await receiveBankTransfers(deps, [{ ...arrived, bookedAt: NOW }])).toMatchObject([{ kind: 'booked' }]);
  await billing.audit();
  const admin = new pg.Client(billing.adminUrl);
  await admin.connect();
  await admin.query('set session_replication_role = replica'); // Only a superuser can: past every trigger.
  await admin.query(forgery);
  await admin.end();
  expect((await billing.report()).broken).toMatchObject({ paymentsAreBookedOnce: 1 });
});

it('the audit finds a wallet that does not know what it owes: walletsKnowWhetherTheyOwe', async () => {
  await using billing = await billingOnPostgres();
  await pay(billing.deps, TENANT, YUAN);
  const admin = new pg.Client(billing.adminUrl);
  await admin.connect();
  await admin.query('update wallets set has_debt = true');
  await admin.end();
  expect((await billing.report()).broken).toMatchObject({ walletsKnowWhetherTheyOwe: 1 });
});
