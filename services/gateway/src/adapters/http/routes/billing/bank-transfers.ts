import { CURRENCY, parseMicros } from '@suanli/kernel';
import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { isProblemCode } from '../../problems/catalogue.ts';
import { problem } from '../../problems/problem.ts';
import { idParam, idParams, instantIn, listOf, noQuery, pageOnly, pageQuery } from '../../schemas.ts';
import {
  bankTransferResultView,
  debtView,
  paymentView,
  toBankTransferResultView,
  toDebtView,
  toPaymentView,
} from './recharge-views.ts';

const tags = ['billing'];
const MAX_BATCH = 100;

/** Any whole number: what is out of range is refused for its own transfer, not for the whole batch. */
const anyMicros = z
  .string()
  .refine((text) => parseMicros(text) !== undefined, 'must be a whole number of micro-yuan that fits 64 bits')
  .transform((text) => BigInt(text))
  .meta({ description: 'Micro-yuan: 1 CNY = 1000000', example: '100000000' });

const transferBody = z.strictObject({
  serial_number: z.string().min(1).max(128).meta({ description: 'The bank’s own number of the transfer' }),
  amount_micros: anyMicros,
  currency: z.string().length(3).default(CURRENCY),
  payer: z.string().max(200).default(''),
  reference: z.string().max(1_000).default('').meta({ description: 'The note of the transfer, whole' }),
  booked_at: instantIn,
});
const batchBody = z.strictObject({ transfers: z.array(transferBody).min(1).max(MAX_BATCH) });
const assignBody = z.strictObject({ account_id: idParam });
const paymentQuery = z.strictObject({ ...pageQuery, state: z.enum(['booked', 'unmatched']).optional() });

const toTransfer = (body: z.output<typeof transferBody>) => ({
  serialNumber: body.serial_number,
  amountMicros: body.amount_micros,
  currency: body.currency,
  payer: body.payer,
  reference: body.reference,
  bookedAt: new Date(body.booked_at),
});

/** For operators: what arrived at the bank, what nobody could place, and who owes. */
export const bankTransferRoutes: Routes = (app, deps) => {
  const { bankTransfers } = deps.services;

  app.post(
    '/v1/admin/bank-transfers',
    {
      schema: {
        tags,
        summary: 'Tell a transfer that arrived at the bank; safe to repeat under its serial number',
        body: transferBody,
        querystring: noQuery,
        response: { 200: paymentView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'bank_transfer.post' },
    },
    async (request) => {
      const wish = { transfers: [toTransfer(request.body)] };
      const { results } = await bankTransfers.postBankTransfers(wish, await commanding(deps, request));
      const outcome = results[0]?.outcome;
      if (outcome === undefined) throw new Error('billing answered without a result');
      if (outcome.$case === 'payment') return toPaymentView(outcome.value);
      const { reason, message, fields } = outcome.value;
      const code = reason.toLowerCase();
      throw problem(isProblemCode(code) ? code : 'invalid_argument', message, {
        ...(fields.length > 0 && { details: { fields: fields.join(', ') } }),
      });
    },
  );

  app.post(
    '/v1/admin/bank-transfer-batches',
    {
      schema: {
        tags,
        summary: 'Tell up to 100 transfers; each has its own result, in their order',
        body: batchBody,
        querystring: noQuery,
        response: { 200: z.object({ results: z.array(bankTransferResultView) }) },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'bank_transfer.post' },
    },
    async (request) => {
      const wish = { transfers: request.body.transfers.map(toTransfer) };
      const { results } = await bankTransfers.postBankTransfers(wish, await commanding(deps, request));
      return { results: results.map(toBankTransferResultView) };
    },
  );

  app.get(
    '/v1/admin/incoming-payments',
    {
      schema: {
        tags,
        summary: 'Payments that arrived through any channel, newest first',
        querystring: paymentQuery,
        response: { 200: listOf(paymentView) },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), state: request.query.state ?? '' };
      const { payments, page } = await bankTransfers.listIncomingPayments(wish, await reading(deps, request));
      return serviceList(payments, page, toPaymentView);
    },
  );

  app.post(
    '/v1/admin/incoming-payments/:id/assign',
    {
      schema: {
        tags,
        summary: 'Give an unmatched payment to an account and book it',
        params: idParams,
        body: assignBody,
        querystring: noQuery,
        response: { 200: paymentView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'incoming_payment.assign' },
    },
    async (request) => {
      const wish = { paymentId: request.params.id, accountId: request.body.account_id };
      const { payment } = await bankTransfers.assignIncomingPayment(wish, await commanding(deps, request));
      if (payment === undefined) throw problem('payment_not_found');
      return toPaymentView(payment);
    },
  );

  app.get(
    '/v1/admin/debts',
    {
      schema: { tags, summary: 'Accounts that owe money', querystring: pageOnly, response: { 200: listOf(debtView) } },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { debts, page } = await bankTransfers.listDebts(wish, await reading(deps, request));
      return serviceList(debts, page, toDebtView);
    },
  );
};
