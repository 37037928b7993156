import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { idOrName, idParams, listOf, noQuery, pageQuery } from '../../schemas.ts';
import {
  commitmentIn,
  commitmentView,
  discountIn,
  discountView,
  newPriceIn,
  quotedView,
  toCommitmentView,
  toDiscountView,
  toNewPrice,
  toQuotedView,
} from './price-views.ts';
import { priceView, toPriceView } from './views.ts';

const tags = ['billing'];
const MAX_PRICES = 200;
const publishBody = z.strictObject({ prices: z.array(newPriceIn).min(1).max(MAX_PRICES) });
const name = z.string().max(200).optional();
const versionQuery = z.strictObject({ ...pageQuery, meter: name, region: name, item: name });
const accountQuery = z.strictObject({ account_id: idOrName });
const operator = { caller: 'operator' as const };

/** For operators: what things cost and for whom; for everyone: the quotes they were given. */
export const priceBookRoutes: Routes = (app, deps) => {
  const { priceBook, quotes } = deps.services;

  app.post(
    '/v1/admin/prices',
    {
      schema: {
        tags,
        summary: 'Publish a version of each price, all of them or none',
        body: publishBody,
        querystring: noQuery,
        response: { 201: z.object({ prices: z.array(priceView) }) },
      },
      config: { access: { scope: 'billing:write', ...operator }, audit: 'prices.publish' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, prices: request.body.prices.map(toNewPrice) };
      const { prices } = await priceBook.publishPrices(command, await commanding(deps, request));
      return reply.code(201).send({ prices: prices.map(toPriceView) });
    },
  );

  app.get(
    '/v1/admin/prices',
    {
      schema: {
        tags,
        summary: 'Every version of every price',
        querystring: versionQuery,
        response: { 200: listOf(priceView) },
      },
      config: { access: { scope: 'billing:read', ...operator } },
    },
    async (request) => {
      const { meter = '', region = '', item = '' } = request.query;
      const wish = { page: pageRequest(request.query), meter, region, item };
      const { prices, page } = await priceBook.listPriceVersions(wish, await reading(deps, request));
      return serviceList(prices, page, toPriceView);
    },
  );

  app.post(
    '/v1/admin/discounts',
    {
      schema: {
        tags,
        summary: 'Say what an account pays less from a time on',
        body: discountIn,
        querystring: noQuery,
        response: { 201: discountView },
      },
      config: { access: { scope: 'billing:write', ...operator }, audit: 'discount.set' },
    },
    async (request, reply) => {
      const { account_id: accountId, basis_points: basisPoints, effective_from: from, ...scope } = request.body;
      const effectiveFrom = from === undefined ? undefined : new Date(from);
      const discount = { ...scope, accountId, basisPoints, effectiveFrom, discountId: '', createdAt: undefined };
      const command = { requestId: request.commandId, discount };
      const answer = await priceBook.setDiscount(command, await commanding(deps, request));
      if (answer.discount === undefined) throw new Error('billing answered without a discount');
      return reply.code(201).send(toDiscountView(answer.discount));
    },
  );

  app.get(
    '/v1/admin/discounts',
    {
      schema: {
        tags,
        summary: 'Every discount that an account ever had',
        querystring: accountQuery,
        response: { 200: z.object({ data: z.array(discountView) }) },
      },
      config: { access: { scope: 'billing:read', ...operator } },
    },
    async (request) => {
      const wish = { accountId: request.query.account_id };
      const { discounts } = await priceBook.listDiscounts(wish, await reading(deps, request));
      return { data: discounts.map(toDiscountView) };
    },
  );

  app.post(
    '/v1/admin/commitments',
    {
      schema: {
        tags,
        summary: 'Say what an account spends each month at least',
        body: commitmentIn,
        querystring: noQuery,
        response: { 201: commitmentView },
      },
      config: { access: { scope: 'billing:write', ...operator }, audit: 'commitment.set' },
    },
    async (request, reply) => {
      const { account_id: accountId, monthly_micros: monthlyMicros, from_month: fromMonth } = request.body;
      const untilMonth = request.body.until_month ?? '';
      const commitment = { accountId, monthlyMicros, fromMonth, untilMonth, commitmentId: '', createdAt: undefined };
      const command = { requestId: request.commandId, commitment };
      const answer = await priceBook.setCommitment(command, await commanding(deps, request));
      if (answer.commitment === undefined) throw new Error('billing answered without a commitment');
      return reply.code(201).send(toCommitmentView(answer.commitment));
    },
  );

  app.get(
    '/v1/admin/commitments',
    {
      schema: {
        tags,
        summary: 'What an account committed itself to',
        querystring: accountQuery,
        response: { 200: z.object({ data: z.array(commitmentView) }) },
      },
      config: { access: { scope: 'billing:read', ...operator } },
    },
    async (request) => {
      const wish = { accountId: request.query.account_id };
      const { commitments } = await priceBook.listCommitments(wish, await reading(deps, request));
      return { data: commitments.map(toCommitmentView) };
    },
  );

  app.get(
    '/v1/quotes/:id',
    {
      schema: {
        tags,
        summary: 'A quote with its price lines',
        params: idParams,
        querystring: noQuery,
        response: { 200: quotedView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { quote } = await quotes.getQuote({ quoteId: request.params.id }, await reading(deps, request));
      if (quote === undefined) throw problem('quote_not_found');
      return toQuotedView(quote);
    },
  );
};
