import { sqlState } from '@suanli/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BillingOnPostgres, billingOnPostgres } from '../under-test.ts';
import { fund, make, place } from './guard-suite.ts';

const FORBIDDEN = '42501';
const CHECK_FAILED = '23514';

describe('budgets in the database', () => {
  let billing: BillingOnPostgres;
  let service: pg.Client;
  let admin: pg.Client;
  let budgetId: string;

  beforeAll(async () => {
    billing = await billingOnPostgres();
    service = new pg.Client(billing.url);
    admin = new pg.Client(billing.adminUrl);
    await Promise.all([service.connect(), admin.connect()]);
    await fund(billing.deps, 1_000n);
    budgetId = await make(billing.deps);
    await place(billing.deps, 40n);
  });
  afterAll(async () => {
    await Promise.all([service?.end(), admin?.end()]);
    await billing?.[Symbol.asyncDispose]();
  });

  it.each([
    [
      'budgetsReserveWhatTheirHoldsHave',
      'update budgets set reserved_micros = 0',
      'update budgets set reserved_micros = 40',
    ],
    [
      'walletsKnowWhetherTheyHaveBudgets',
      'update wallets set has_budgets = false',
      'update wallets set has_budgets = true',
    ],
    [
      'standingsHaveTheirTimes',
      "update wallets set standing_state = 'suspended'",
      "update wallets set standing_state = 'ok'",
    ],
  ])('a forgery is found: %s', async (check, forge, repair) => {
    await billing.audit();
    await admin.query(forge);
    expect((await billing.report()).broken).toMatchObject({ [check]: 1 });
    await admin.query(repair);
    await billing.audit();
  });

  it.each([
    ['forget a budget', 'delete from budgets', FORBIDDEN],
    ['forget what was counted', 'delete from budget_counters', FORBIDDEN],
    ['write a balance beside a standing', 'update wallets set standing_reason = $$x$$, posted_micros = 9', FORBIDDEN],
    ['reserve less than nothing', 'update budgets set reserved_micros = -1', CHECK_FAILED],
    ['set a limit of nothing', 'update budgets set day_micros = 0', CHECK_FAILED],
    ['invent a standing', 'update wallets set standing_state = $$fine$$', CHECK_FAILED],
  ])('the service can not %s', async (_story, statement, code) => {
    const refusal = await service.query(statement).then(
      () => 'done',
      (error: unknown) => sqlState(error),
    );
    expect([refusal, budgetId.startsWith('bud_')]).toEqual([code, true]);
  });
});
