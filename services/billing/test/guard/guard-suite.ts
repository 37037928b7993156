import { invariant, systemContext, type TenantPath } from '@suanli/kernel';
import { expect, it } from 'vitest';
import { advanceStandings } from '../../src/app/arrears/advance-standings.ts';
import { setFrozen } from '../../src/app/arrears/set-frozen.ts';
import { changeBudget } from '../../src/app/budgets/change-budget.ts';
import { type CreateBudget, createBudget } from '../../src/app/budgets/create-budget.ts';
import { deleteBudget } from '../../src/app/budgets/delete-budget.ts';
import { getBudget, listBudgets } from '../../src/app/budgets/read-budgets.ts';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { extendHolds } from '../../src/app/holds/extend-holds.ts';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import type { BillingDeps } from '../../src/app/ports.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { openWallet } from '../../src/app/wallet/open-wallet.ts';
import { lockBatch, writeBatch } from '../../src/app/write-batch.ts';
import type { Hold } from '../../src/domain/hold/hold.ts';
import { giveNow, payNow } from '../../src/domain/ledger/pay.ts';
import { aTenantPath, aUsage, HOUR_MS } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

const DAY_MS = 24 * HOUR_MS;
const JOB = { product: 'job', item: 'gpu.a100-80g', region: 'cn-shanghai' };

/** Puts money into the wallet of an account, as a recharge would. */
export async function fund(deps: BillingDeps, amountMicros: bigint, accountId = 'acc_1'): Promise<void> {
  await deps.transact(async (stores) => {
    await openWallet(deps, stores, accountId);
    const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
    const decision = giveNow(batch, { accountId, amountMicros, code: 'movement', reference: 'test' });
    invariant(decision.kind === 'paid', 'the wallet takes money');
    await writeBatch(deps, stores, batch);
  });
}

export const ctxOf = (tenant: TenantPath = aTenantPath()) =>
  systemContext(tenant, 'test', new AbortController().signal);

const textOf = (value: unknown) =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}` : one));

let requests = 0;
const nextId = () => `req_${(requests += 1)}`;

export async function make(deps: BillingDeps, changes: Partial<CreateBudget> = {}): Promise<string> {
  const outcome = await createBudget(deps, ctxOf(), {
    requestId: nextId(),
    name: 'team',
    scope: { kind: 'account', id: '' },
    limits: { day: 100n },
    zone: 'Asia/Shanghai',
    isHard: true,
    thresholds: [50, 80, 100],
    ...changes,
  });
  invariant(outcome.kind === 'done', `no budget: ${textOf(outcome)}`);
  return outcome.state.budget.id;
}

export async function place(deps: BillingDeps, amountMicros: bigint, tenant = aTenantPath(), scope = JOB) {
  const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
  const expiresAt = deps.clock.now() + 2 * DAY_MS;
  const [result] = await placeHolds(deps, [{ requestId: nextId(), tenant, amountMicros, expiresAt, purpose, scope }]);
  invariant(result !== undefined, 'one command, one result');
  return result.outcome;
}

async function held(deps: BillingDeps, amountMicros: bigint, tenant = aTenantPath(), scope = JOB): Promise<Hold> {
  const outcome = await place(deps, amountMicros, tenant, scope);
  invariant(outcome.kind === 'held', textOf(outcome));
  return outcome.hold;
}

/** 7 micros for 3 units: charges `sevens` times 7. */
function use(
  deps: BillingDeps,
  sevens: bigint,
  hold: Hold | undefined,
  changes: Partial<Parameters<typeof aUsage>[0]> = {},
) {
  const usage = aUsage({
    usageId: nextId(),
    readings: [{ meter: 'gpu_time', quantity: 3n * sevens }],
    ...(hold !== undefined && { holdId: hold.id }),
    ...changes,
  });
  return deps.transact((stores) => rateUsages(deps, stores, [usage]));
}

async function stateOf(deps: BillingDeps, budgetId: string) {
  const state = await getBudget(deps, ctxOf(), budgetId);
  invariant(state !== undefined, `budget ${budgetId} is there`);
  const spent = Object.fromEntries(state.counters.map((counter) => [counter.window, counter.spentMicros]));
  return { reserved: state.budget.reservedMicros, ...spent };
}

/** What budgets and standings promise, over whatever keeps their rows. */
export function guardSuite(open: () => Promise<BillingUnderTest>): void {
  it('a hard budget counts holds, captures and releases, and refuses what passes it', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const budgetId = await make(deps, { limits: { day: 100n, month: 150n } });
    const hold = await held(deps, 60n);
    expect(await place(deps, 41n)).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'budget_exceeded', missingMicros: 1n, budget: { budgetId, window: 'day' } },
    });
    await use(deps, 4n, hold);
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 32n, day: 28n, month: 28n });
    await closeHolds(deps, [{ requestId: nextId(), holdId: hold.id }]);
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 0n, day: 28n, month: 28n });
    const next = await held(deps, 72n);
    const [extended] = await extendHolds(deps, [
      { requestId: nextId(), holdId: next.id, amountMicros: 73n, expiresAt: deps.clock.now() + 2 * HOUR_MS },
    ]);
    expect(extended?.outcome).toMatchObject({ kind: 'refused', refusal: { reason: 'budget_exceeded' } });
    await billing.audit();
  });

  it('a new day gives new room, but not for what holds of the day before have open', async () => {
    await using billing = await open();
    const { deps, clock } = billing;
    await fund(deps, 10_000n);
    const budgetId = await make(deps);
    await use(deps, 10n, await held(deps, 100n));
    await clock.advance(DAY_MS);
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 30n });
    expect(await place(deps, 71n)).toMatchObject({ refusal: { reason: 'budget_exceeded', missingMicros: 1n } });
    await held(deps, 70n);
    await billing.audit();
  });

  it('charges beyond every hold count, and pass the limit by what had run', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const budgetId = await make(deps);
    await use(deps, 20n, undefined);
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 0n, day: 140n });
    expect(await place(deps, 1n)).toMatchObject({ refusal: { missingMicros: 41n } });
    await billing.audit();
  });

  it('a budget of a key, a model or a workspace is passed by nobody through another door', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const mine = { ...aTenantPath(), principalId: 'key_1' };
    await make(deps, { scope: { kind: 'key', id: 'key_1' }, limits: { total: 10n } });
    await make(deps, { scope: { kind: 'item', id: 'qwen' }, limits: { total: 20n } });
    const qwen = { product: 'inference', item: 'qwen', region: '' };
    expect(await place(deps, 11n, mine, JOB)).toMatchObject({
      refusal: { reason: 'budget_exceeded', missingMicros: 1n },
    });
    expect(await place(deps, 21n, aTenantPath(), qwen)).toMatchObject({ refusal: { missingMicros: 1n } });
    expect(await place(deps, 1n, { ...mine, principalId: '' }, { ...qwen, item: '' })).toMatchObject({
      refusal: { reason: 'scope_needed', needs: ['item', 'key'] },
    });
    await held(deps, 500n);
    await billing.audit();
  });

  it('a budget made while holds are open counts what they may still charge', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const hold = await held(deps, 60n);
    const shared = await held(deps, 30n, { ...aTenantPath(), principalId: '' });
    await held(deps, 500n, { ...aTenantPath(), principalId: 'key_other' });
    const budgetId = await make(deps, { scope: { kind: 'key', id: 'key_of_acc_1' }, limits: { day: 100n } });
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 90n });
    expect(await place(deps, 11n)).toMatchObject({ refusal: { missingMicros: 1n } });
    for (const { id: holdId } of [hold, shared]) await closeHolds(deps, [{ requestId: nextId(), holdId }]);
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 0n });
    await billing.audit();
  });

  it('a payment at once keeps to budgets as well, and a refund gives room back', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const budgetId = await make(deps, { scope: { kind: 'product', id: 'plan' }, limits: { month: 100n } });
    const scope = { product: 'plan', item: '', region: '' };
    const pay = (amountMicros: bigint) =>
      deps.transact(async (stores) => {
        const batch = await lockBatch(deps, stores, { accountIds: ['acc_1'], holdIds: [] });
        const payment = { accountId: 'acc_1', amountMicros, scope, code: 'movement' as const, reference: 'ord_1' };
        const decision = payNow(batch, payment);
        await writeBatch(deps, stores, batch);
        return decision;
      });
    expect(await pay(101n)).toMatchObject({ refusal: { reason: 'budget_exceeded', missingMicros: 1n } });
    expect(await pay(100n)).toMatchObject({ kind: 'paid' });
    expect(await stateOf(deps, budgetId)).toEqual({ reserved: 0n, month: 100n });
    await deps.transact(async (stores) => {
      const batch = await lockBatch(deps, stores, { accountIds: ['acc_1'], holdIds: [] });
      const spender = { tenant: aTenantPath(), scope };
      giveNow(batch, { accountId: 'acc_1', amountMicros: 40n, code: 'movement', spender, reference: 'rfd_1' });
      await writeBatch(deps, stores, batch);
    });
    expect(await pay(40n)).toMatchObject({ kind: 'paid' });
    await billing.audit();
  });

  it('a threshold is told once in a window, in the transaction of the charge', async () => {
    await using billing = await open();
    const { deps, clock } = billing;
    await fund(deps, 10_000n);
    await make(deps, { limits: { day: 70n }, isHard: false });
    const toldTimes = async () => (await billing.told()).filter((kind) => kind === 'budget_threshold_reached').length;
    await use(deps, 4n, undefined);
    expect(await toldTimes()).toBe(0);
    await use(deps, 1n, undefined);
    expect(await toldTimes()).toBe(1);
    await use(deps, 20n, undefined);
    expect(await toldTimes()).toBe(3);
    await clock.advance(DAY_MS);
    await use(deps, 5n, undefined);
    expect(await toldTimes()).toBe(4);
    await billing.audit();
  });

  it('a budget can be read, changed and deleted; a request repeated is one', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 10_000n);
    const requestId = nextId();
    const budgetId = await make(deps, { requestId });
    expect(await make(deps, { requestId })).toBe(budgetId);
    const twice = { requestId, name: 'other', scope: { kind: 'account', id: '' }, limits: { day: 1n } } as const;
    expect(await createBudget(deps, ctxOf(), { ...twice, zone: 'UTC', isHard: true, thresholds: [] })).toEqual({
      kind: 'refused',
      reason: 'request_id_reused',
    });
    const stranger = ctxOf(aTenantPath('acc_2'));
    expect(await getBudget(deps, stranger, budgetId)).toBeUndefined();
    expect(await changeBudget(deps, stranger, { requestId: nextId(), budgetId, name: 'mine' })).toEqual({
      kind: 'refused',
      reason: 'budget_not_found',
    });
    const change = { requestId: nextId(), budgetId, limits: { day: 500n }, ifVersion: 1n };
    expect(await changeBudget(deps, ctxOf(), change)).toMatchObject({ kind: 'done' });
    expect(await changeBudget(deps, ctxOf(), { ...change, requestId: nextId() })).toMatchObject({
      reason: 'budget_changed',
    });
    await held(deps, 400n);
    expect((await listBudgets(deps, ctxOf(), { limit: 10 })).rows).toHaveLength(1);
    expect(await deleteBudget(deps, ctxOf(), { requestId: nextId(), budgetId })).toMatchObject({ kind: 'done' });
    expect((await listBudgets(deps, ctxOf(), { limit: 10 })).rows).toEqual([]);
    await held(deps, 5_000n);
    expect((await deps.reads.wallet('acc_1'))?.hasBudgets).toBe(false);
    await billing.audit();
  });

  it('an account whose money is used up goes down the steps, works no more when suspended, and is restored by money', async () => {
    await using billing = await open();
    const { deps, clock } = billing;
    await fund(deps, 70n);
    await use(deps, 10n, undefined);
    const standing = async () => (await deps.reads.wallet('acc_1'))?.standing.state;
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await deps.transact((stores) => advanceStandings(deps, stores, 10));
      return standing();
    };
    const { warnedMs, graceMs, suspendedMs } = deps.policy.arrears;
    expect(await standing()).toBe('warned');
    expect(await pass(warnedMs - 1)).toBe('warned');
    expect(await pass(1)).toBe('grace');
    expect(await pass(graceMs)).toBe('suspended');
    expect(await pass(suspendedMs)).toBe('deleting');
    expect((await billing.told()).filter((kind) => kind === 'account_arrears_changed')).toHaveLength(4);
    await fund(deps, 1_000n);
    expect(await standing()).toBe('ok');
    await held(deps, 10n);
    await billing.audit();
  });

  it('a frozen account takes no hold until it is thawed, and both are told once', async () => {
    await using billing = await open();
    const { deps } = billing;
    await fund(deps, 1_000n);
    expect(await setFrozen(deps, 'acc_none', true)).toBeUndefined();
    await setFrozen(deps, 'acc_1', true);
    expect(await place(deps, 1n)).toMatchObject({ refusal: { reason: 'account_frozen' } });
    await setFrozen(deps, 'acc_1', true);
    await setFrozen(deps, 'acc_1', false);
    await held(deps, 1n);
    const told = (await billing.told()).filter((kind) => kind.endsWith('frozen'));
    expect(told).toEqual(['account_frozen', 'account_unfrozen']);
    await billing.audit();
  });
}
