import { z } from 'zod';
import { reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { idParam, idParams, listOf, noQuery, pageOnly, pageQuery } from '../../schemas.ts';
import { billLineView, priceView, toBillLineView, toPriceView } from './views.ts';

const tags = ['billing'];
const lineQuery = z.strictObject({ ...pageQuery, resource_id: idParam.optional() });

export const billRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/bill-lines',
    {
      schema: {
        tags,
        summary: 'What each resource has cost, newest first',
        querystring: lineQuery,
        response: { 200: listOf(billLineView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), resourceId: request.query.resource_id ?? '' };
      const { billLines, page } = await deps.services.wallet.listBillLines(wish, await reading(deps, request));
      return serviceList(billLines, page, toBillLineView);
    },
  );

  app.get(
    '/v1/bill-lines/:id',
    {
      schema: {
        tags,
        summary: 'One line, with the usage it is made of',
        params: idParams,
        querystring: noQuery,
        response: { 200: billLineView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { billLineId: request.params.id };
      const { billLine } = await deps.services.wallet.getBillLine(wish, await reading(deps, request));
      if (billLine === undefined) throw problem('bill_line_not_found');
      return toBillLineView(billLine);
    },
  );

  app.get(
    '/v1/prices',
    {
      schema: { tags, summary: 'What things cost now', querystring: pageOnly, response: { 200: listOf(priceView) } },
      config: { access: { scope: 'billing:read', caller: 'any' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { prices, page } = await deps.services.prices.listPrices(wish, await reading(deps, request));
      return serviceList(prices, page, toPriceView);
    },
  );
};
