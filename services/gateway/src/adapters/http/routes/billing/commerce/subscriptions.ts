import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { pageRequest, serviceList } from '../../../paging.ts';
import { problem } from '../../../problems/problem.ts';
import { idParam, idParams, listOf, noQuery, pageQuery } from '../../../schemas.ts';
import {
  attemptView,
  changedView,
  orderView,
  subscriptionView,
  toAttemptView,
  toChangedView,
  toOrderView,
  toSubscriptionView,
} from './plan-views.ts';

const tags = ['billing'];
const quantity = z.int().min(1).max(1_000).default(1);
const expiryMode = z.enum(['renew', 'stop', 'convert_to_pay_as_you_go']);
const purchaseBody = z.strictObject({ plan: idParam, quantity, expiry_mode: expiryMode.default('renew') });
const changeBody = z.strictObject({ plan: idParam, quantity });
const modeBody = z.strictObject({ expiry_mode: expiryMode });
const nothing = z.strictObject({}).nullish();
const listQuery = z.strictObject({ ...pageQuery, status: z.enum(['active', 'ended']).optional() });
const orderQuery = z.strictObject({
  ...pageQuery,
  kind: z.enum(['purchase', 'renewal', 'upgrade', 'voucher', 'recharge']).optional(),
});

/** What the account has bought for a period, and its orders. */
export const subscriptionRoutes: Routes = (app, deps) => {
  const { plans, orders } = deps.services;

  app.post(
    '/v1/subscriptions',
    {
      schema: {
        tags,
        summary: 'Buy a plan, paid at once from the wallet',
        body: purchaseBody,
        querystring: noQuery,
        response: { 201: changedView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'subscription.purchase' },
    },
    async (request, reply) => {
      const { plan: planCode, quantity: units, expiry_mode: mode } = request.body;
      const command = { requestId: request.commandId, planCode, quantity: units, expiryMode: mode };
      const answer = await plans.purchasePlan(command, await commanding(deps, request));
      return reply.code(201).send(toChangedView(answer));
    },
  );

  app.get(
    '/v1/subscriptions',
    {
      schema: {
        tags,
        summary: 'Subscriptions, newest first',
        querystring: listQuery,
        response: { 200: listOf(subscriptionView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), status: request.query.status ?? '' };
      const { subscriptions, page } = await plans.listSubscriptions(wish, await reading(deps, request));
      return serviceList(subscriptions, page, toSubscriptionView);
    },
  );

  app.get(
    '/v1/subscriptions/:id',
    {
      schema: {
        tags,
        summary: 'One subscription, with its latest renewal attempts',
        params: idParams,
        querystring: noQuery,
        response: { 200: subscriptionView.extend({ renewal_attempts: z.array(attemptView) }) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { subscriptionId: request.params.id };
      const { subscription, attempts } = await plans.getSubscription(wish, await reading(deps, request));
      if (subscription === undefined) throw problem('subscription_not_found');
      return { ...toSubscriptionView(subscription), renewal_attempts: attempts.map(toAttemptView) };
    },
  );

  app.post(
    '/v1/subscriptions/:id/change',
    {
      schema: {
        tags,
        summary: 'Another plan of the family or another quantity: dearer at once, cheaper from the next period on',
        params: idParams,
        body: changeBody,
        querystring: noQuery,
        response: { 200: changedView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'subscription.change' },
    },
    async (request) => {
      const { plan: planCode, quantity: units } = request.body;
      const target = { requestId: request.commandId, subscriptionId: request.params.id };
      const command = { ...target, planCode, quantity: units };
      return toChangedView(await plans.changePlan(command, await commanding(deps, request)));
    },
  );

  app.post(
    '/v1/subscriptions/:id/expiry-mode',
    {
      schema: {
        tags,
        summary: 'What happens when the period ends',
        params: idParams,
        body: modeBody,
        querystring: noQuery,
        response: { 200: changedView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'subscription.expiry_mode' },
    },
    async (request) => {
      const target = { requestId: request.commandId, subscriptionId: request.params.id };
      const command = { ...target, expiryMode: request.body.expiry_mode };
      return toChangedView(await plans.setExpiryMode(command, await commanding(deps, request)));
    },
  );

  app.post(
    '/v1/subscriptions/:id/release',
    {
      schema: {
        tags,
        summary: 'Give the rest of the period up; what comes back is in the policy',
        params: idParams,
        body: nothing,
        querystring: noQuery,
        response: { 200: changedView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'subscription.release' },
    },
    async (request) => {
      const command = { requestId: request.commandId, subscriptionId: request.params.id };
      return toChangedView(await plans.releaseSubscription(command, await commanding(deps, request)));
    },
  );

  app.get(
    '/v1/orders',
    {
      schema: {
        tags,
        summary: 'What was bought, newest first',
        querystring: orderQuery,
        response: { 200: listOf(orderView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), kind: request.query.kind ?? '' };
      const { orders: rows, page } = await orders.listOrders(wish, await reading(deps, request));
      return serviceList(rows, page, toOrderView);
    },
  );

  app.get(
    '/v1/orders/:id',
    {
      schema: { tags, summary: 'One order', params: idParams, querystring: noQuery, response: { 200: orderView } },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { order } = await orders.getOrder({ orderId: request.params.id }, await reading(deps, request));
      if (order === undefined) throw problem('order_not_found');
      return toOrderView(order);
    },
  );
};
