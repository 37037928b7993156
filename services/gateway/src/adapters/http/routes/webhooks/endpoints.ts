import { z } from 'zod';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type EndpointChange,
  rotateSecret,
} from '../../../../app/webhooks/manage-endpoints.ts';
import type { Routes } from '../../create-http-app.ts';
import { ifMatchVersion, withEtag } from '../../etag.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParams, listOf, noQuery, pageOnly } from '../../schemas.ts';
import { endpointView, eventType, newEndpointView, toEndpointView } from './views.ts';

const tags = ['webhooks'];
const MAX_URL_CHARS = 2_048;
const url = z.string().min(1).max(MAX_URL_CHARS).meta({ description: 'https', example: 'https://example.com/hooks' });
const description = z.string().max(500);
const eventTypes = z
  .array(eventType)
  .max(eventType.options.length)
  .meta({ description: 'What it is told; empty: all' });

const createBody = z.strictObject({ url, description: description.default(''), event_types: eventTypes.default([]) });
const changeBody = z.strictObject({
  url: url.optional(),
  description: description.optional(),
  event_types: eventTypes.optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
});

/** Where an account wants to be told of events. */
export const webhookEndpointRoutes: Routes = (app, deps) => {
  const { webhooks } = deps;

  app.post(
    '/v1/webhook-endpoints',
    {
      schema: {
        tags,
        summary: 'Make a webhook endpoint; its secret is shown once',
        body: createBody,
        querystring: noQuery,
        response: { 201: newEndpointView },
      },
      config: { access: { scope: 'account:write' }, audit: 'webhook_endpoint.create' },
    },
    async (request, reply) => {
      const { url: to, description: what, event_types: types } = request.body;
      const terms = { url: to, description: what, eventTypes: types };
      const { endpoint, secret } = valueOf(await createEndpoint(webhooks, contextOf(request), terms));
      return withEtag(reply, endpoint.version)
        .code(201)
        .header('location', `/v1/webhook-endpoints/${endpoint.endpointId}`)
        .send({ ...toEndpointView(endpoint), secret });
    },
  );

  app.get(
    '/v1/webhook-endpoints',
    {
      schema: {
        tags,
        summary: 'Webhook endpoints of the account',
        querystring: pageOnly,
        response: { 200: listOf(endpointView) },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const { accountId } = principalOf(request).tenant;
      const page = await webhooks.endpoints(webhooks.db).list(accountId, pageWish(request.query));
      return ownList(page, ({ endpointId: id, createdAt }) => ({ id, createdAt }), toEndpointView);
    },
  );

  app.get(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        tags,
        summary: 'One webhook endpoint',
        params: idParams,
        querystring: noQuery,
        response: { 200: endpointView },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request, reply) => {
      const { accountId } = principalOf(request).tenant;
      const endpoint = await webhooks.endpoints(webhooks.db).get(accountId, request.params.id);
      if (endpoint === undefined) throw problem('webhook_endpoint_not_found');
      return withEtag(reply, endpoint.version).send(toEndpointView(endpoint));
    },
  );

  app.patch(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        tags,
        summary: 'Change a webhook endpoint, disable or enable it',
        params: idParams,
        querystring: noQuery,
        body: changeBody,
        response: { 200: endpointView },
      },
      config: { access: { scope: 'account:write' }, audit: 'webhook_endpoint.change' },
    },
    async (request, reply) => {
      const { body } = request;
      const ifVersion = ifMatchVersion(request);
      const change: EndpointChange = {
        ...(body.url !== undefined && { url: body.url }),
        ...(body.description !== undefined && { description: body.description }),
        ...(body.event_types !== undefined && { eventTypes: body.event_types }),
        ...(body.status !== undefined && { status: body.status }),
        ...(ifVersion !== undefined && { ifVersion }),
      };
      const endpoint = valueOf(await changeEndpoint(webhooks, contextOf(request), request.params.id, change));
      return withEtag(reply, endpoint.version).send(toEndpointView(endpoint));
    },
  );

  app.post(
    '/v1/webhook-endpoints/:id/rotate-secret',
    {
      schema: {
        tags,
        summary: 'A new secret, shown once; the one before signs too for a day',
        params: idParams,
        querystring: noQuery,
        response: { 200: newEndpointView },
      },
      config: { access: { scope: 'account:write' }, audit: 'webhook_endpoint.rotate' },
    },
    async (request) => {
      const { endpoint, secret } = valueOf(await rotateSecret(webhooks, contextOf(request), request.params.id));
      return { ...toEndpointView(endpoint), secret };
    },
  );

  app.delete(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        tags,
        summary: 'Delete a webhook endpoint, its log, and what waits for it',
        params: idParams,
        querystring: noQuery,
        response: { 204: z.null() },
      },
      config: { access: { scope: 'account:write' }, audit: 'webhook_endpoint.delete' },
    },
    async (request, reply) => {
      if (!(await deleteEndpoint(webhooks, contextOf(request), request.params.id))) {
        throw problem('webhook_endpoint_not_found');
      }
      return reply.code(204).send(null);
    },
  );
};
