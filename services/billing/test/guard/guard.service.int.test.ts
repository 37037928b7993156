import { GrpcCallError } from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/kernel';
import { AccountArrearsChanged, BudgetThresholdReached } from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Billing } from '../../src/service.ts';
import { aTenant, type Clients, type Platform, startPlatform, tenantMessage } from '../harness.ts';

const YUAN = 1_000_000n;
/** A GPU of ¥2.50 an hour or more for one hour, in milli-GPU-milliseconds. */
const GPU_HOUR = 3_600_000_000n;
const HOUR_MS = 3_600_000;
const REPLICAS = 3;
const CALLERS = 200;
const PATIENCE_MS = 120_000;
const STEP_MS = 200;

describe('billing that guards an account, over gRPC and three replicas', { timeout: PATIENCE_MS }, () => {
  let platform: Platform;
  const replicas: Billing[] = [];
  const clients: Clients[] = [];
  let told = 0;

  beforeAll(async () => {
    platform = await startPlatform();
    const fast = { ARREARS_WARNED_MS: STEP_MS, ARREARS_GRACE_MS: STEP_MS, ARREARS_SUSPENDED_MS: HOUR_MS };
    for (let at = 0; at < REPLICAS; at++) {
      const billing = await platform.start({ ...fast, REPLICA_ID: `guard-${at}` });
      replicas.push(billing);
      clients.push(await platform.clients(billing));
    }
  });
  afterAll(async () => {
    for (const replica of replicas) await replica[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  const client = (at: number): Clients => {
    const found = clients[at % REPLICAS];
    if (found === undefined) throw new Error('no replica');
    return found;
  };
  const nextId = () => `guard_${(told += 1)}`;

  async function recharge(tenant: TenantPath, amountMicros: bigint): Promise<void> {
    const request = { requestId: nextId(), channel: 'development', amountMicros, currency: 'CNY', serialNumber: '' };
    await client(0).wallet.recharge(request, { token: await platform.token(tenant) });
  }

  async function budget(tenant: TenantPath, limitMicros: bigint, scope = { kind: 'account', id: '' }, isHard = true) {
    const limits = [{ window: 'day', limitMicros }];
    const request = { requestId: nextId(), name: 'day', scope, limits, zone: '', isHard, thresholds: [] };
    const answer = await client(1).budget.createBudget(request, { token: await platform.token(tenant) });
    if (answer.budget === undefined) throw new Error('no budget in the answer');
    return answer.budget;
  }

  const command = (tenant: TenantPath, amountMicros: bigint, item = 'gpu.a100-80g') => ({
    requestId: nextId(),
    tenant: tenantMessage(tenant),
    amountMicros,
    expiresAt: new Date(Date.now() + HOUR_MS),
    purpose: { kind: 'job', id: 'job_1', epoch: 1 },
    scope: { product: 'job', item, region: 'cn-shanghai' },
    dryRun: false,
  });

  it.each([0, 1, 117, 199, 200])(
    'admits exactly %s of 200 holds at once to a budget good for as many',
    async (good) => {
      const tenant = aTenant();
      await recharge(tenant, 10_000n * YUAN);
      const { budgetId } = await budget(tenant, BigInt(good) * YUAN + 1n);
      const results = await Promise.all(
        Array.from({ length: CALLERS }, async (_, at) => {
          const commands = [command(tenant, YUAN)];
          const {
            results: [result],
          } = await client(at).hold.placeHolds({ commands }, { retryUnavailable: { attempts: 9 } });
          return result?.outcome;
        }),
      );
      expect(results.filter((outcome) => outcome?.$case === 'hold')).toHaveLength(good);
      const refusals = results.flatMap((outcome) => (outcome?.$case === 'refusal' ? [outcome.value] : []));
      expect(refusals).toHaveLength(CALLERS - good);
      for (const { reason, budget: which } of refusals) {
        expect([reason, which?.budgetId, which?.window]).toEqual(['budget_exceeded', budgetId, 'day']);
        expect(which?.resetsAt?.getTime()).toBeGreaterThan(Date.now());
      }
      const { budget: after } = await client(2).budget.getBudget({ budgetId }, { token: await platform.token(tenant) });
      expect(after).toMatchObject({ reservedMicros: BigInt(good) * YUAN, windows: [{ remainingMicros: 1n }] });
    },
  );

  it('asks a hold for what a budget tells apart', async () => {
    const tenant = aTenant();
    await recharge(tenant, 10n * YUAN);
    await budget(tenant, YUAN, { kind: 'item', id: 'gpu.l40s-48g' });
    const { results } = await client(0).hold.placeHolds({ commands: [command(tenant, YUAN, '')] });
    expect(results[0]?.outcome).toMatchObject({ value: { reason: 'scope_needed', needs: ['item'] } });
  });

  it('tells of a threshold in the transaction of its charge', async () => {
    const tenant = aTenant();
    await recharge(tenant, 100n * YUAN);
    const { budgetId } = await budget(tenant, YUAN, { kind: 'key', id: tenant.principalId }, false);
    const events: BudgetThresholdReached[] = [];
    await using _feed = platform.bus.listen(EVENTS.budgetThresholdReached.subject, ({ data }) => {
      events.push(BudgetThresholdReached.fromJSON(JSON.parse(new TextDecoder().decode(data))));
    });
    await use(tenant);
    await eventually(() => {
      const mine = events.filter((event) => event.budgetId === budgetId).map(({ percent }) => percent);
      expect(mine).toEqual([50, 80, 100]);
    });
  });

  async function use(tenant: TenantPath): Promise<void> {
    await platform.publishUsage('scheduler', {
      usageId: nextId(),
      tenant: tenantMessage(tenant),
      sourceKind: 'job',
      sourceId: 'job_1',
      epoch: 1,
      readings: [{ meter: 'gpu_time', quantity: GPU_HOUR }],
      region: 'cn-shanghai',
      item: 'gpu.a100-80g',
      usageFrom: new Date(Date.now() - HOUR_MS),
      usageTo: new Date(),
    });
  }

  it('takes an account that used all it had down to its suspension, refuses it then, and restores it with money', async () => {
    const tenant = aTenant();
    await recharge(tenant, 1n);
    const states: string[] = [];
    await using _feed = platform.bus.listen(EVENTS.accountArrearsChanged.subject, ({ data }) => {
      const event = AccountArrearsChanged.fromJSON(JSON.parse(new TextDecoder().decode(data)));
      if (event.accountId === tenant.accountId) states.push(`${event.version} ${event.state} ${event.reason}`);
    });
    await use(tenant);
    await eventually(() => expect(states).toHaveLength(3));
    expect(states).toEqual(['1 warned unpaid_charges', '2 grace time_passed', '3 suspended time_passed']);
    const { results } = await client(1).hold.placeHolds({ commands: [command(tenant, 1n)] });
    expect(results[0]?.outcome).toMatchObject({ $case: 'refusal' });
    await recharge(tenant, 10n * YUAN);
    await eventually(() => expect(states.at(-1)).toBe('4 ok recharged'));
    const again = await client(1).hold.placeHolds({ commands: [command(tenant, YUAN)] });
    expect(again.results[0]?.outcome?.$case).toBe('hold');
  });

  it('freezes and thaws an account for the operator alone', async () => {
    const tenant = aTenant();
    const { accountId } = tenant;
    await recharge(tenant, 10n * YUAN);
    const operator = { token: await platform.operatorToken() };
    const own = { token: await platform.token(tenant) };
    await expect(client(0).standing.freezeAccount({ accountId }, own)).rejects.toBeInstanceOf(GrpcCallError);
    await expect(client(0).standing.freezeAccount({ accountId: 'acc_none' }, operator)).rejects.toMatchObject({
      reason: 'WALLET_NOT_FOUND',
    });
    await client(0).standing.freezeAccount({ accountId }, operator);
    const { results } = await client(1).hold.placeHolds({ commands: [command(tenant, YUAN)] });
    expect(results[0]?.outcome).toMatchObject({ value: { reason: 'account_frozen' } });
    const { standing } = await client(2).standing.getStanding({ accountId: '' }, own);
    expect(standing).toMatchObject({ accountId, state: 'ok', isFrozen: true });
    await client(0).standing.unfreezeAccount({ accountId }, operator);
    const after = await client(1).hold.placeHolds({ commands: [command(tenant, YUAN)] });
    expect(after.results[0]?.outcome?.$case).toBe('hold');
  });

  it('refuses budgets that make no sense, each with its reason', async () => {
    const tenant = aTenant();
    const token = await platform.token(tenant);
    const base = {
      name: 'x',
      scope: { kind: 'account', id: '' },
      limits: [{ window: 'day', limitMicros: 1n }],
      zone: '',
      isHard: true,
      thresholds: [] as number[],
    };
    const refused = async (changes: Partial<typeof base>) => {
      const made = client(0).budget.createBudget({ ...base, ...changes, requestId: nextId() }, { token });
      return made.then(
        () => 'made',
        (error: unknown) => (error instanceof GrpcCallError ? error.reason : String(error)),
      );
    };
    expect(await refused({ name: '' })).toBe('BUDGET_NAME_INVALID');
    expect(await refused({ limits: [] })).toBe('BUDGET_LIMITS_MISSING');
    expect(await refused({ limits: [{ window: 'year', limitMicros: 1n }] })).toBe('BUDGET_LIMITS_MISSING');
    expect(await refused({ limits: [{ window: 'day', limitMicros: 0n }] })).toBe('AMOUNT_OUT_OF_RANGE');
    expect(await refused({ scope: { kind: 'planet', id: 'x' } })).toBe('BUDGET_SCOPE_INVALID');
    expect(await refused({ zone: 'Europe/Berlin' })).toBe('BUDGET_ZONE_UNKNOWN');
    expect(await refused({ thresholds: [0] })).toBe('BUDGET_THRESHOLDS_INVALID');
    const missing = client(0).budget.getBudget({ budgetId: 'bud_none' }, { token });
    await expect(missing).rejects.toMatchObject({ reason: 'BUDGET_NOT_FOUND' });
  });
});
