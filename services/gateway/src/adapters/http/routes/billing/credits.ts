import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { idParams, listOf, noQuery, pageOnly, pageQuery } from '../../schemas.ts';
import { present } from '../present.ts';
import { creditLotDetailView, creditLotView, movementView, toCreditLotView, toMovementView } from './credit-views.ts';

const tags = ['billing'];
const MOVEMENTS_SHOWN = 50;

const lotQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(['scheduled', 'active', 'exhausted', 'expired']).optional(),
});
const redeemBody = z.strictObject({
  code: z.string().min(1).max(100).meta({ description: 'In any case, with or without dashes and spaces' }),
});

/** Credit that is used up before cash, and vouchers that become more of it. */
export const creditRoutes: Routes = (app, deps) => {
  const { credits } = deps.services;

  app.get(
    '/v1/credit-lots',
    {
      schema: {
        tags,
        summary: 'Credit of the account, newest first',
        querystring: lotQuery,
        response: { 200: listOf(creditLotView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), status: request.query.status ?? '' };
      const { lots, page } = await credits.listCreditLots(wish, await reading(deps, request));
      return serviceList(lots, page, toCreditLotView);
    },
  );

  app.get(
    '/v1/credit-lots/:id',
    {
      schema: {
        tags,
        summary: 'One lot, with what it was used for',
        params: idParams,
        querystring: noQuery,
        response: { 200: creditLotDetailView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const lotId = request.params.id;
      const options = await reading(deps, request);
      const newest = { lotId, page: { limit: MOVEMENTS_SHOWN, cursor: '' } };
      const [{ lot }, { movements }] = await Promise.all([
        credits.getCreditLot({ lotId }, options),
        credits.listCreditLotMovements(newest, options),
      ]);
      if (lot === undefined) throw problem('credit_lot_not_found');
      return { ...toCreditLotView(lot), movements: movements.map(toMovementView) };
    },
  );

  app.get(
    '/v1/credit-lots/:id/movements',
    {
      schema: {
        tags,
        summary: 'What moved a lot, newest first',
        params: idParams,
        querystring: pageOnly,
        response: { 200: listOf(movementView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { lotId: request.params.id, page: pageRequest(request.query) };
      const { movements, page } = await credits.listCreditLotMovements(wish, await reading(deps, request));
      return serviceList(movements, page, toMovementView);
    },
  );

  app.post(
    '/v1/vouchers/redeem',
    {
      schema: {
        tags,
        summary: 'Turn a voucher code into credit',
        body: redeemBody,
        querystring: noQuery,
        response: { 201: creditLotView },
      },
      config: { access: { scope: 'billing:write' }, audit: 'voucher.redeem' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, code: request.body.code };
      const lot = present((await credits.redeemVoucher(command, await commanding(deps, request))).lot);
      return reply.code(201).header('location', `/v1/credit-lots/${lot.lotId}`).send(toCreditLotView(lot));
    },
  );
};
