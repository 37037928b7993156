import { grpcError, internalHandler, invalidArgument, refuse, unary } from '@suanli/grpc-kit';
import {
  CreditAdminServiceService,
  type CreateVouchersRequest,
  type CreditAdminServiceServer,
  type GrantCreditRequest,
} from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import { type GrantCredit, grantCredit } from '../../../app/lots/grant-credit.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { type CreateVouchers, createVouchers } from '../../../app/vouchers/create-vouchers.ts';
import { withdrawVouchers } from '../../../app/vouchers/withdraw-vouchers.ts';
import { pageInfo, readPage } from '../page.ts';
import { requireField, requireRequestId } from '../require.ts';
import { creditLotMessage, readApplicability, voucherBatchMessage } from './credit-messages.ts';
import { creditRefusal, voucherBatchNotFound } from './credit-refusals.ts';

/** For operators: credit that is given, and vouchers that are made. */
export function creditAdminService(deps: BillingDeps) {
  const access = internalHandler({ callers: ['gateway'] });
  const implementation: CreditAdminServiceServer = {
    grantCredit: unary(access, async (_ctx, request) => {
      const operatorId = requireField('operator_id', request.operatorId);
      const result = await grantCredit(deps, operatorId, readGrant(request));
      if (result.kind === 'refused') return refuse(creditRefusal(result.reason));
      return { lot: creditLotMessage(result.lot, deps.clock.now()) };
    }),
    createVouchers: unary(access, async (_ctx, request) => {
      const operatorId = requireField('operator_id', request.operatorId);
      const result = await createVouchers(deps, operatorId, readVouchers(request));
      if (result.kind === 'refused') return refuse(creditRefusal(result.reason));
      return { batch: voucherBatchMessage(result.batch, 0), codes: result.codes };
    }),
    listVoucherBatches: unary(access, async (_ctx, request) => {
      const page = await deps.reads.voucherBatches(readPage('vouchers', request.page));
      const batches = page.rows.map(({ redemptions, ...batch }) => voucherBatchMessage(batch, redemptions));
      return { batches, page: pageInfo('vouchers', page) };
    }),
    withdrawVouchers: unary(access, async (_ctx, { batchId }) => {
      const batch = await withdrawVouchers(deps, batchId);
      if (batch === undefined) return refuse(voucherBatchNotFound);
      const { redemptions, ...rest } = batch;
      return { batch: voucherBatchMessage(rest, redemptions) };
    }),
  };
  return { definition: CreditAdminServiceService, implementation };
}

function readGrant(request: GrantCreditRequest): GrantCredit {
  const { kind, amountMicros, priority, reason, effectiveAt, expiresAt, applicability } = request;
  if (kind !== 'promotional' && kind !== 'compensation') {
    throw grpcError(invalidArgument('CREDIT_KIND_UNKNOWN', 'kind must be promotional or compensation', { kind }));
  }
  return {
    requestId: requireRequestId(request.requestId),
    accountId: requireField('account_id', request.accountId),
    ...{ kind, amountMicros, priority, reason },
    ...(effectiveAt !== undefined && { effectiveAt: effectiveAt.getTime() }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt.getTime() }),
    applicability: readApplicability(applicability),
  };
}

function readVouchers(request: CreateVouchersRequest): CreateVouchers {
  const { name, amountMicros, codeCount, redemptionsPerCode, maxPerAccount, priority, reason } = request;
  const { redeemFrom, redeemUntil, creditValidDays } = request;
  return {
    requestId: requireRequestId(request.requestId),
    ...{ name, amountMicros, codeCount, redemptionsPerCode, maxPerAccount, priority, reason },
    ...(redeemFrom !== undefined && { redeemFrom: redeemFrom.getTime() }),
    ...(redeemUntil !== undefined && { redeemUntil: redeemUntil.getTime() }),
    ...(creditValidDays !== 0 && { creditValidDays }),
    applicability: readApplicability(request.applicability),
  };
}
