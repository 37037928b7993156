import type { Credit, Refund } from '@suanli/proto/suanli/billing/v1/refund.ts';
import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { pageRequest, serviceList } from '../../../paging.ts';
import { problem } from '../../../problems/problem.ts';
import {
  currency,
  idParam,
  idParams,
  instant,
  listOf,
  micros,
  microsIn,
  noQuery,
  pageOnly,
  pageQuery,
  timeOf,
} from '../../../schemas.ts';

const tags = ['billing'];
const why = z.string().trim().min(1).max(500);
const payoutBody = z.strictObject({ recharge_id: idParam, amount_micros: microsIn, reason: why });
const refundBody = z.strictObject({
  account_id: idParam,
  target: z.strictObject({ kind: z.enum(['order', 'bill_line']), id: idParam }),
  amount_micros: microsIn,
  reason: why,
});
const decisionBody = z.strictObject({ approved: z.boolean() });
const refundQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(['done', 'requested', 'approved', 'paid', 'rejected']).optional(),
});
const creditQuery = z.strictObject({
  ...pageQuery,
  reason: z.enum(['never_ready', 'lost', 'preempted']).optional(),
});

const refundView = z.object({
  id: z.string(),
  account_id: z.string(),
  kind: z.string(),
  state: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  amount_micros: micros,
  currency,
  reason: z.string(),
  channel: z.string().optional(),
  serial_number: z.string().optional(),
  created_at: instant.optional(),
  updated_at: instant.optional(),
});
const creditView = z.object({
  id: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }),
  epoch: z.number(),
  reason: z.string(),
  bill_line_id: z.string(),
  amount_micros: micros,
  currency,
  unusable_from: instant.optional(),
  unusable_to: instant.optional(),
  created_at: instant.optional(),
});

/** Money that goes back: refunds, payouts of unused cash, and credits that come by themselves. */
export const refundRoutes: Routes = (app, deps) => {
  const { refunds } = deps.services;

  app.get(
    '/v1/refunds',
    {
      schema: {
        tags,
        summary: 'Refunds and payouts, newest first',
        querystring: refundQuery,
        response: { 200: listOf(refundView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), state: request.query.state ?? '' };
      const { refunds: rows, page } = await refunds.listRefunds(wish, await reading(deps, request));
      return serviceList(rows, page, toRefundView);
    },
  );

  app.get(
    '/v1/refunds/:id',
    {
      schema: { tags, summary: 'One refund', params: idParams, querystring: noQuery, response: { 200: refundView } },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { refund } = await refunds.getRefund({ refundId: request.params.id }, await reading(deps, request));
      return answered(refund);
    },
  );

  app.post(
    '/v1/payouts',
    {
      schema: {
        tags,
        summary: 'Ask for unused cash back through the channel by which it came',
        body: payoutBody,
        querystring: noQuery,
        response: { 201: refundView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'payout.request' },
    },
    async (request, reply) => {
      const { recharge_id: rechargeId, amount_micros: amountMicros, reason } = request.body;
      const command = { requestId: request.commandId, rechargeId, amountMicros, reason };
      const { refund } = await refunds.requestPayout(command, await commanding(deps, request));
      return reply.code(201).send(answered(refund));
    },
  );

  app.get(
    '/v1/automatic-credits',
    {
      schema: {
        tags,
        summary: 'What came back by itself for time that could not be used',
        querystring: creditQuery,
        response: { 200: listOf(creditView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), reason: request.query.reason ?? '' };
      const { credits, page } = await refunds.listCredits(wish, await reading(deps, request));
      return serviceList(credits, page, toCreditView);
    },
  );

  app.post(
    '/v1/admin/refunds',
    {
      schema: {
        tags,
        summary: 'Give money of an order or a bill line back into the wallet, in part or whole',
        body: refundBody,
        querystring: noQuery,
        response: { 201: refundView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'refund.give' },
    },
    async (request, reply) => {
      const { account_id: accountId, target, amount_micros: amountMicros, reason } = request.body;
      const about = { accountId, targetKind: target.kind, targetId: target.id };
      const command = { requestId: request.commandId, ...about, amountMicros, reason };
      const { refund } = await refunds.refundToWallet(command, await commanding(deps, request));
      return reply.code(201).send(answered(refund));
    },
  );

  app.get(
    '/v1/admin/payouts',
    {
      schema: {
        tags,
        summary: 'Payouts that wait, of all accounts, oldest first',
        querystring: pageOnly,
        response: { 200: listOf(refundView) },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { refunds: rows, page } = await refunds.listOpenPayouts(wish, await reading(deps, request));
      return serviceList(rows, page, toRefundView);
    },
  );

  app.post(
    '/v1/admin/payouts/:id/decide',
    {
      schema: {
        tags,
        summary: 'Approve or reject a payout',
        params: idParams,
        body: decisionBody,
        querystring: noQuery,
        response: { 200: refundView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'payout.decide' },
    },
    async (request) => {
      const about = { requestId: request.commandId, refundId: request.params.id };
      const command = { ...about, approved: request.body.approved };
      return answered((await refunds.decidePayout(command, await commanding(deps, request))).refund);
    },
  );
};

function answered(refund: Refund | undefined): z.infer<typeof refundView> {
  if (refund === undefined) throw problem('refund_not_found');
  return toRefundView(refund);
}

function toRefundView(refund: Refund): z.infer<typeof refundView> {
  const { refundId: id, kind, state, currency: code, reason, channel, serialNumber } = refund;
  return {
    ...{ id, kind, state, reason },
    account_id: refund.tenant?.accountId ?? '',
    target: { kind: refund.targetKind, id: refund.targetId },
    amount_micros: String(refund.amountMicros),
    currency: code,
    ...(channel !== '' && { channel }),
    ...(serialNumber !== '' && { serial_number: serialNumber }),
    created_at: timeOf(refund.createdAt),
    updated_at: timeOf(refund.updatedAt),
  };
}

function toCreditView(credit: Credit): z.infer<typeof creditView> {
  const { creditId: id, resourceKind, resourceId, epoch, reason, currency: code } = credit;
  return {
    ...{ id, epoch, reason },
    resource: { kind: resourceKind, id: resourceId },
    bill_line_id: credit.billLineId,
    amount_micros: String(credit.amountMicros),
    currency: code,
    unusable_from: timeOf(credit.unusableFrom),
    unusable_to: timeOf(credit.unusableTo),
    created_at: timeOf(credit.createdAt),
  };
}
