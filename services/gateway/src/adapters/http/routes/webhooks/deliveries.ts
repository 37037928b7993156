import { redeliver } from '../../../../app/webhooks/redeliver.ts';
import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParams, listOf, noQuery, pageOnly } from '../../schemas.ts';
import { deliveryView, deliveryWithLogView, toDeliveryView, toDeliveryWithLogView } from './views.ts';

const tags = ['webhooks'];

/** What was sent, what came of it, and another go. */
export const webhookDeliveryRoutes: Routes = (app, deps) => {
  const { webhooks } = deps;

  app.get(
    '/v1/webhook-endpoints/:id/deliveries',
    {
      schema: {
        tags,
        summary: 'Deliveries of a webhook endpoint in the last 30 days, newest first',
        params: idParams,
        querystring: pageOnly,
        response: { 200: listOf(deliveryView) },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const { accountId } = principalOf(request).tenant;
      const endpoint = await webhooks.endpoints(webhooks.db).get(accountId, request.params.id);
      if (endpoint === undefined) throw problem('webhook_endpoint_not_found');
      const deliveries = webhooks.deliveries(webhooks.db);
      const page = await deliveries.list(accountId, endpoint.endpointId, pageWish(request.query));
      return ownList(page, ({ deliveryId: id, createdAt }) => ({ id, createdAt }), toDeliveryView);
    },
  );

  app.get(
    '/v1/webhook-deliveries/:id',
    {
      schema: {
        tags,
        summary: 'One delivery with its tries',
        params: idParams,
        querystring: noQuery,
        response: { 200: deliveryWithLogView },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const { accountId } = principalOf(request).tenant;
      const deliveries = webhooks.deliveries(webhooks.db);
      const delivery = await deliveries.get(accountId, request.params.id);
      if (delivery === undefined) throw problem('webhook_delivery_not_found');
      return toDeliveryWithLogView(delivery, await deliveries.attempts(delivery.deliveryId));
    },
  );

  app.post(
    '/v1/webhook-deliveries/:id/redeliver',
    {
      schema: {
        tags,
        summary: 'Send a delivery again, now and from its first try on',
        params: idParams,
        querystring: noQuery,
        response: { 202: deliveryView },
      },
      config: { access: { scope: 'account:write' }, audit: 'webhook_delivery.redeliver' },
    },
    async (request, reply) => {
      const delivery = valueOf(await redeliver(webhooks, contextOf(request), request.params.id));
      return reply.code(202).send(toDeliveryView(delivery));
    },
  );
};
