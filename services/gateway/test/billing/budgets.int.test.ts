import { failedPrecondition, notFound, refuse } from '@suanli/grpc-kit';
import { Budget, type ChangeBudgetRequest, type CreateBudgetRequest } from '@suanli/proto/suanli/billing/v1/budget.ts';
import { Standing } from '@suanli/proto/suanli/billing/v1/standing.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from '../support/gateway-lab.ts';

const NOON = new Date('2026-01-07T04:00:00Z');
const MIDNIGHT = new Date('2026-01-07T16:00:00Z');
type Body = Record<string, unknown>;

const known = Budget.fromPartial({
  budgetId: 'bud_1',
  name: 'team',
  scope: { kind: 'key', id: 'key_1' },
  zone: 'Asia/Shanghai',
  isHard: true,
  thresholds: [50, 100],
  reservedMicros: 30n,
  windows: [{ window: 'day', limitMicros: 100n, spentMicros: 20n, remainingMicros: 50n, resetsAt: MIDNIGHT }],
  version: 3n,
  createdAt: NOON,
  updatedAt: NOON,
});

describe('budgets and standings over REST', () => {
  let lab: Lab;
  let tenant: Tenant;
  const asked: { created: CreateBudgetRequest[]; changed: ChangeBudgetRequest[] } = { created: [], changed: [] };
  const frozen = new Set<string>();

  const standingOf = async (_ctx: unknown, { accountId }: { accountId: string }) => ({
    standing: Standing.fromPartial({ accountId, state: 'suspended', since: NOON, isFrozen: frozen.has(accountId) }),
  });

  beforeAll(async () => {
    lab = await gatewayLab({
      answers: {
        budgets: {
          createBudget: async (_ctx, request: CreateBudgetRequest) => {
            asked.created.push(request);
            return { budget: known };
          },
          getBudget: async (_ctx, { budgetId }: { budgetId: string }) =>
            budgetId === 'bud_1' ? { budget: known } : refuse(notFound('BUDGET_NOT_FOUND', 'no such budget')),
          listBudgets: async () => ({ budgets: [known], page: { hasMore: false, nextCursor: '' } }),
          changeBudget: async (_ctx, request: ChangeBudgetRequest) => {
            asked.changed.push(request);
            return { budget: { ...known, version: 4n } };
          },
          deleteBudget: async () => ({ budget: known }),
        },
        standing: {
          getStanding: standingOf,
          freezeAccount: async (ctx, request: { accountId: string }) => {
            frozen.add(request.accountId);
            return standingOf(ctx, request);
          },
          unfreezeAccount: async (ctx, request: { accountId: string }) => {
            frozen.delete(request.accountId);
            return standingOf(ctx, request);
          },
        },
        jobs: {
          createJob: async () =>
            refuse(
              failedPrecondition('BUDGET_EXCEEDED', 'a budget does not cover the first minutes of this job', {
                budget_id: 'bud_1',
                window: 'day',
                missing_micros: 7n,
                resets_at: MIDNIGHT.toISOString(),
              }),
            ),
        },
      },
    });
    tenant = await lab.openAccount();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it('make a budget, with what is left in each window and when it resets', async () => {
    const made = await tenant.rest.post('/v1/budgets', {
      name: 'team',
      scope: { kind: 'key', id: 'key_1' },
      limits: { day: '100' },
      is_hard: true,
    });
    expect([made.status, made.headers.get('etag'), made.headers.get('location')]).toEqual([
      201,
      '"3"',
      '/v1/budgets/bud_1',
    ]);
    expect(made.body).toMatchObject({
      id: 'bud_1',
      scope: { kind: 'key', id: 'key_1' },
      reserved_micros: '30',
      windows: [
        {
          window: 'day',
          limit_micros: '100',
          spent_micros: '20',
          reserved_micros: '30',
          remaining_micros: '50',
          resets_at: MIDNIGHT.toISOString(),
        },
      ],
    });
    expect(asked.created[0]).toMatchObject({
      limits: [{ window: 'day', limitMicros: 100n }],
      zone: 'Asia/Shanghai',
      thresholds: [50, 80, 100],
    });
  });

  it('change it for whoever has read its newest version', async () => {
    const changed = await tenant.rest.patch('/v1/budgets/bud_1', { limits: { month: '500' } }, { 'if-match': '"3"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"4"']);
    expect(asked.changed[0]).toMatchObject({ ifVersion: 3n, limits: [{ window: 'month', limitMicros: 500n }] });
    expect((await tenant.rest.patch('/v1/budgets/bud_1', {}, { 'if-match': 'W/x' })).status).toBe(400);
    expect((await tenant.rest.delete('/v1/budgets/bud_1')).status).toBe(204);
  });

  it.each<[string, Body]>([
    ['a limit that is a number', { name: 'x', limits: { day: 100 }, is_hard: true }],
    ['a limit of nothing', { name: 'x', limits: { day: '0' }, is_hard: true }],
    ['a negative limit', { name: 'x', limits: { day: '-5' }, is_hard: true }],
    ['a limit beyond 64 bits', { name: 'x', limits: { day: '99999999999999999999' }, is_hard: true }],
    ['a window that there is not', { name: 'x', limits: { year: '5' }, is_hard: true }],
    ['a field that nobody knows', { name: 'x', limits: { day: '5' }, is_hard: true, color: 'red' }],
    ['nothing said of hardness', { name: 'x', limits: { day: '5' } }],
  ])('refuse %s', async (_story, body) => {
    const answer = await tenant.rest.post('/v1/budgets', body);
    expect([answer.status, (answer.body as Body)['code']]).toEqual([400, 'invalid_request']);
  });

  it('say 404 for what is not there', async () => {
    const answer = await tenant.rest.get('/v1/budgets/bud_2');
    expect([answer.status, (answer.body as Body)['code']]).toEqual([404, 'budget_not_found']);
  });

  it('are the answer to a job that a budget has no room for: 402, with which and until when', async () => {
    const answer = await tenant.rest.post('/v1/jobs', { name: 'x', command: ['true'], max_run_seconds: 60 });
    expect([answer.status, answer.body]).toEqual([
      402,
      expect.objectContaining({
        code: 'budget_exceeded',
        details: { budget_id: 'bud_1', window: 'day', missing_micros: '7', resets_at: MIDNIGHT.toISOString() },
      }),
    ]);
  });

  it('tell an account how it stands, and let the operator alone freeze and thaw', async () => {
    expect((await tenant.rest.get('/v1/standing')).body).toMatchObject({ state: 'suspended', is_frozen: false });
    expect((await tenant.rest.post(`/v1/accounts/${tenant.accountId}/freeze`)).status).toBe(403);
    const path = `/v1/accounts/${tenant.accountId}`;
    expect((await lab.operator.post(`${path}/freeze`)).body).toMatchObject({ is_frozen: true });
    expect((await lab.operator.get(`${path}/standing`)).body).toMatchObject({ is_frozen: true });
    expect((await lab.operator.post(`${path}/unfreeze`)).body).toMatchObject({ is_frozen: false });
  });
});
