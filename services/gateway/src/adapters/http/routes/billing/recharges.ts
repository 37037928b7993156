import { CURRENCY } from '@suanli/kernel';
import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { currency, idOrName, idParams, listOf, micros, microsIn, noQuery, pageQuery } from '../../schemas.ts';
import { rechargeDetailView, rechargeView, toRechargeDetailView, toRechargeView } from './recharge-views.ts';
import { toWalletView, walletView } from './views.ts';

const tags = ['billing'];

const rechargeBody = z.strictObject({
  channel: z.string().min(1).max(50).meta({ example: 'bank_transfer' }),
  amount_micros: microsIn,
  currency: z.literal(CURRENCY).default(CURRENCY),
  serial_number: idOrName.optional().meta({ description: 'The channel’s own number of the payment' }),
});
const rechargeQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(['created', 'pending', 'succeeded', 'failed', 'expired']).optional(),
});
const channelView = z.object({
  name: z.string(),
  kind: z
    .string()
    .meta({ description: '`instant`: the money is there with the answer; `waiting`: somebody pays later' }),
  currency,
});

/** How an account puts money in. */
export const rechargeRoutes: Routes = (app, deps) => {
  const { recharges } = deps.services;

  app.post(
    '/v1/recharges',
    {
      schema: {
        tags,
        summary: 'Put money into the wallet: at once, or with instructions how to pay',
        body: rechargeBody,
        querystring: noQuery,
        response: { 201: z.object({ recharge: rechargeView, wallet: walletView }) },
      },
      config: { access: { scope: 'billing:write' }, audit: 'wallet.recharge' },
    },
    async (request, reply) => {
      const { channel, amount_micros: amountMicros, currency: code, serial_number: serialNumber = '' } = request.body;
      const command = { requestId: request.commandId, channel, amountMicros, currency: code, serialNumber };
      const { recharge, wallet } = await recharges.createRecharge(command, await commanding(deps, request));
      if (recharge === undefined || wallet === undefined) throw new Error('billing answered without a recharge');
      return reply
        .code(201)
        .header('location', `/v1/recharges/${recharge.rechargeId}`)
        .send({ recharge: toRechargeView(recharge), wallet: toWalletView(wallet) });
    },
  );

  app.get(
    '/v1/recharges',
    {
      schema: {
        tags,
        summary: 'Recharges of the account, newest first',
        querystring: rechargeQuery,
        response: { 200: listOf(rechargeView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), status: request.query.status ?? '' };
      const answer = await recharges.listRecharges(wish, await reading(deps, request));
      return serviceList(answer.recharges, answer.page, toRechargeView);
    },
  );

  app.get(
    '/v1/recharges/:id',
    {
      schema: {
        tags,
        summary: 'One recharge, with its movements of money',
        params: idParams,
        querystring: noQuery,
        response: { 200: rechargeDetailView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { rechargeId: request.params.id };
      const { recharge } = await recharges.getRecharge(wish, await reading(deps, request));
      if (recharge === undefined) throw problem('recharge_not_found');
      return toRechargeDetailView(recharge);
    },
  );

  app.get(
    '/v1/recharge-channels',
    {
      schema: {
        tags,
        summary: 'Ways to put money in that are open here',
        querystring: noQuery,
        response: { 200: z.object({ data: z.array(channelView) }) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { channels } = await recharges.listRechargeChannels({}, await reading(deps, request));
      return { data: channels };
    },
  );

  app.get(
    '/v1/debt',
    {
      schema: {
        tags,
        summary: 'What the account owes since a payer’s bank took money back that was spent',
        querystring: noQuery,
        response: { 200: z.object({ owed_micros: micros, currency }) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { owedMicros, currency: code } = await recharges.getDebt({}, await reading(deps, request));
      return { owed_micros: String(owedMicros), currency: code };
    },
  );
};
