import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { ifMatchVersion, withEtag } from '../../../etag.ts';
import { pageRequest, serviceList } from '../../../paging.ts';
import { idOrName, idParams, listOf, microsIn, name, noQuery, pageOnly } from '../../../schemas.ts';
import { present } from '../../present.ts';
import { BUDGET_SCOPE_KINDS, BUDGET_WINDOWS, budgetView, toBudgetView } from './budget-views.ts';

const tags = ['billing'];
const MAX_ZONE_CHARS = 32;

const scope = z
  .strictObject({ kind: z.enum(BUDGET_SCOPE_KINDS), id: idOrName.optional() })
  .meta({ description: 'What it watches; `id` for all but `account`', example: { kind: 'key', id: 'key_01…' } });
const limits = z
  .partialRecord(z.enum(BUDGET_WINDOWS), microsIn)
  .meta({ description: 'The limit of each window, in micro-yuan', example: { day: '100000000', month: '2000000000' } });
const thresholds = z
  .array(z.int())
  .max(20)
  .meta({ description: 'In percent of each limit, ascending', example: [50, 80, 100] });

const createBody = z.strictObject({
  name,
  scope: scope.default({ kind: 'account' }),
  limits,
  zone: z.string().min(1).max(MAX_ZONE_CHARS).default('Asia/Shanghai').meta({ description: 'Of fixed offset' }),
  is_hard: z.boolean().meta({ description: 'Refuses what would pass a limit; otherwise it only tells' }),
  thresholds: thresholds.min(1).default([50, 80, 100]),
});
const changeBody = z.strictObject({
  name: name.optional(),
  limits: limits.optional(),
  is_hard: z.boolean().optional(),
  thresholds: thresholds.min(1).optional(),
});

/** How much an account, or a part of it, may spend. */
export const budgetRoutes: Routes = (app, deps) => {
  const { budgets } = deps.services;

  app.post(
    '/v1/budgets',
    {
      schema: {
        tags,
        summary: 'Make a budget; it counts from now on',
        body: createBody,
        querystring: noQuery,
        response: { 201: budgetView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'budget.create' },
    },
    async (request, reply) => {
      const { body } = request;
      const { kind, id = '' } = body.scope;
      const command = {
        requestId: request.commandId,
        name: body.name,
        scope: { kind, id },
        limits: toLimits(body.limits),
        zone: body.zone,
        isHard: body.is_hard,
        thresholds: body.thresholds,
      };
      const budget = present((await budgets.createBudget(command, await commanding(deps, request))).budget);
      return withEtag(reply, budget.version)
        .code(201)
        .header('location', `/v1/budgets/${budget.budgetId}`)
        .send(toBudgetView(budget));
    },
  );

  app.get(
    '/v1/budgets',
    {
      schema: {
        tags,
        summary: 'Budgets of the account and how they stand, newest first',
        querystring: pageOnly,
        response: { 200: listOf(budgetView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const answer = await budgets.listBudgets(wish, await reading(deps, request));
      return serviceList(answer.budgets, answer.page, toBudgetView);
    },
  );

  app.get(
    '/v1/budgets/:id',
    {
      schema: {
        tags,
        summary: 'One budget: spent, reserved and left in each window, and when it resets',
        params: idParams,
        querystring: noQuery,
        response: { 200: budgetView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request, reply) => {
      const answer = await budgets.getBudget({ budgetId: request.params.id }, await reading(deps, request));
      const budget = present(answer.budget);
      return withEtag(reply, budget.version).send(toBudgetView(budget));
    },
  );

  app.patch(
    '/v1/budgets/:id',
    {
      schema: {
        tags,
        summary: 'Change a budget; what its windows have counted stays',
        params: idParams,
        querystring: noQuery,
        body: changeBody,
        response: { 200: budgetView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'budget.change' },
    },
    async (request, reply) => {
      const { body } = request;
      const command = {
        requestId: request.commandId,
        budgetId: request.params.id,
        ifVersion: BigInt(ifMatchVersion(request) ?? 0),
        name: body.name,
        limits: toLimits(body.limits ?? {}),
        isHard: body.is_hard,
        thresholds: body.thresholds ?? [],
      };
      const budget = present((await budgets.changeBudget(command, await commanding(deps, request))).budget);
      return withEtag(reply, budget.version).send(toBudgetView(budget));
    },
  );

  app.delete(
    '/v1/budgets/:id',
    {
      schema: {
        tags,
        summary: 'Delete a budget',
        params: idParams,
        querystring: noQuery,
        response: { 204: z.null() },
      },
      config: { access: { scope: 'billing:write' }, audit: 'budget.delete' },
    },
    async (request, reply) => {
      const ifVersion = BigInt(ifMatchVersion(request) ?? 0);
      const command = { requestId: request.commandId, budgetId: request.params.id, ifVersion };
      await budgets.deleteBudget(command, await commanding(deps, request));
      return reply.code(204).send(null);
    },
  );
};

function toLimits(limits: Partial<Record<string, bigint>>) {
  return Object.entries(limits).flatMap(([window, limitMicros]) =>
    limitMicros === undefined ? [] : [{ window, limitMicros }],
  );
}
