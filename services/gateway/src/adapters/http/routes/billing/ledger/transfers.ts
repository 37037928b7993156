import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { noQuery } from '../../../schemas.ts';
import { present } from '../../present.ts';
import {
  orderBody,
  resultView,
  toCommand,
  toResultView,
  toTransferView,
  transferId,
  transferView,
} from './transfer-views.ts';

const tags = ['billing'];
const MAX_BATCH = 100;
const batchBody = z.strictObject({ transfers: z.array(orderBody).min(1).max(MAX_BATCH) });
const transferParams = z.strictObject({ id: transferId });

/** For operators: the ledger's own door. */
export const transferRoutes: Routes = (app, deps) => {
  const { ledger } = deps.services;
  const operator = { scope: 'billing:write', caller: 'operator' } as const;

  app.post(
    '/v1/admin/transfers',
    {
      schema: {
        tags,
        summary: 'Order a transfer of the ledger; safe to repeat under its id (201 the first time, then 200)',
        body: orderBody,
        querystring: noQuery,
        response: { 200: transferView, 201: transferView },
      },
      config: { access: operator, audit: 'transfer.order' },
    },
    async (request, reply) => {
      const order = { command: toCommand(request.body) };
      const { transfer, existed } = await ledger.submitTransfer(order, await commanding(deps, request));
      return reply
        .code(existed ? 200 : 201)
        .header('location', `/v1/admin/transfers/${request.body.id}`)
        .send(toTransferView(present(transfer)));
    },
  );

  app.post(
    '/v1/admin/transfer-batches',
    {
      schema: {
        tags,
        summary: 'Order up to 100 transfers in sequence; each has its own result, in their order',
        body: batchBody,
        querystring: noQuery,
        response: { 200: z.object({ results: z.array(resultView) }) },
      },
      config: { access: operator, audit: 'transfer.order' },
    },
    async (request) => {
      const orders = { commands: request.body.transfers.map(toCommand) };
      const { results } = await ledger.submitTransfers(orders, await commanding(deps, request));
      return { results: results.map(toResultView) };
    },
  );

  app.get(
    '/v1/admin/transfers/:id',
    {
      schema: {
        tags,
        summary: 'One transfer, whoever ordered it',
        params: transferParams,
        querystring: noQuery,
        response: { 200: transferView },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const wish = { transferId: request.params.id };
      const { transfer } = await ledger.getTransfer(wish, await reading(deps, request));
      return toTransferView(present(transfer));
    },
  );
};
