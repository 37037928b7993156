import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { principalOf } from '../../request-context.ts';
import { idParam, idParams, instantIn, listOf, microsIn, name, noQuery, pageOnly } from '../../schemas.ts';
import { present } from '../present.ts';
import {
  applicabilityIn,
  creditLotView,
  priorityIn,
  toCreditLotView,
  toVoucherBatchView,
  voucherBatchView,
} from './credit-views.ts';

const tags = ['billing'];
const DEFAULT_PRIORITY = 10;

const reasonIn = z.string().trim().min(1).max(500).meta({ description: 'Why, for the record' });
const count = (max: number) => z.int().min(1).max(max);
const grantBody = z.strictObject({
  account_id: idParam,
  kind: z.enum(['promotional', 'compensation']).default('promotional'),
  amount_micros: microsIn,
  priority: priorityIn.default(DEFAULT_PRIORITY),
  effective_at: instantIn.optional(),
  expires_at: instantIn.optional(),
  applicability: applicabilityIn,
  reason: reasonIn,
});
const vouchersBody = z.strictObject({
  name,
  amount_micros: microsIn,
  code_count: count(10_000),
  redemptions_per_code: count(1_000_000).default(1),
  max_per_account: count(10_000).default(1),
  redeem_from: instantIn.optional(),
  redeem_until: instantIn.optional(),
  credit_valid_days: count(3_650).optional().meta({ description: 'From the redemption on; for ever when left out' }),
  priority: priorityIn.default(DEFAULT_PRIORITY),
  applicability: applicabilityIn,
  reason: reasonIn,
});
const vouchersView = z.object({
  batch: voucherBatchView,
  codes: z.array(z.string()).meta({ description: 'Shown this once: only their hashes are kept' }),
});

const dateOf = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant));

/** For operators: credit that is given, and vouchers that are made. */
export const creditAdminRoutes: Routes = (app, deps) => {
  const { creditAdmin } = deps.services;
  const operator = { scope: 'billing:write', caller: 'operator' } as const;

  app.post(
    '/v1/admin/credit-lots',
    {
      schema: {
        tags,
        summary: 'Give an account credit',
        body: grantBody,
        querystring: noQuery,
        response: { 201: creditLotView },
      },
      config: { access: operator, audit: 'credit.grant' },
    },
    async (request, reply) => {
      const {
        account_id: accountId,
        kind,
        amount_micros: amountMicros,
        priority,
        applicability,
        reason,
      } = request.body;
      const { effective_at: effectiveAt, expires_at: expiresAt } = request.body;
      const command = {
        ...{ requestId: request.commandId, operatorId: principalOf(request).keyId },
        ...{ accountId, kind, amountMicros, priority, applicability, reason },
        effectiveAt: dateOf(effectiveAt),
        expiresAt: dateOf(expiresAt),
      };
      const { lot } = await creditAdmin.grantCredit(command, await commanding(deps, request));
      return reply.code(201).send(toCreditLotView(present(lot)));
    },
  );

  app.post(
    '/v1/admin/vouchers',
    {
      schema: {
        tags,
        summary: 'Make a batch of voucher codes; they are shown once',
        body: vouchersBody,
        querystring: noQuery,
        response: { 201: vouchersView },
      },
      config: { access: operator, audit: 'vouchers.create' },
    },
    async (request, reply) => {
      const { name: title, priority, applicability, reason, amount_micros: amountMicros } = request.body;
      const { code_count: codeCount, redemptions_per_code: redemptionsPerCode } = request.body;
      const { max_per_account: maxPerAccount, credit_valid_days: creditValidDays = 0 } = request.body;
      const command = {
        ...{ requestId: request.commandId, operatorId: principalOf(request).keyId, name: title, amountMicros },
        ...{ codeCount, redemptionsPerCode, maxPerAccount, creditValidDays, priority, applicability, reason },
        redeemFrom: dateOf(request.body.redeem_from),
        redeemUntil: dateOf(request.body.redeem_until),
      };
      const { batch, codes } = await creditAdmin.createVouchers(command, await commanding(deps, request));
      return reply.code(201).send({ batch: toVoucherBatchView(present(batch)), codes });
    },
  );

  app.get(
    '/v1/admin/vouchers',
    {
      schema: {
        tags,
        summary: 'Batches of vouchers, newest first',
        querystring: pageOnly,
        response: { 200: listOf(voucherBatchView) },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { batches, page } = await creditAdmin.listVoucherBatches(wish, await reading(deps, request));
      return serviceList(batches, page, toVoucherBatchView);
    },
  );

  app.post(
    '/v1/admin/vouchers/:id/withdraw',
    {
      schema: {
        tags,
        summary: 'Take a batch back; what was redeemed stays',
        params: idParams,
        querystring: noQuery,
        response: { 200: voucherBatchView },
      },
      config: { access: operator, audit: 'vouchers.withdraw' },
    },
    async (request) => {
      const command = { batchId: request.params.id };
      const { batch } = await creditAdmin.withdrawVouchers(command, await commanding(deps, request));
      return toVoucherBatchView(present(batch));
    },
  );
};
