import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type Credit as CreditMessage,
  type Refund as RefundMessage,
  RefundServiceService,
  type RefundServiceServer,
} from '@suanli/proto/suanli/billing/v1/refund.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { decidePayoutRequested } from '../../../app/refunds/decide-payout.ts';
import { refundMoneyToWallet, type RefundResult } from '../../../app/refunds/refund-to-wallet.ts';
import { requestPayout } from '../../../app/refunds/request-payout.ts';
import { type Credit, CREDIT_REASONS, type CreditReason } from '../../../domain/refund/credit.ts';
import type { Refund } from '../../../domain/refund/refund.ts';
import { writeTenant } from '../../proto-tenant.ts';
import { pageInfo, readPage } from '../page.ts';
import { requireField, requireRequestId } from '../require.ts';
import { refundNotFound, refundRefusal } from './commerce-refusals.ts';
import { requireOneOf } from './plan-service.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
/** Money leaves the platform: not for everyone who may spend it. */
const TREASURERS = ['owner', 'admin'] as const;
const STATES = ['', 'done', 'requested', 'approved', 'paid', 'rejected'];
const MAX_REASON_CHARS = 500;

/** Money that goes back. */
export function refundService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TREASURERS });
  const watch = publicHandler(verifier, { scope: 'billing:read', roles: ['operator'] });
  const operate = publicHandler(verifier, { scope: 'billing:write', roles: ['operator'] });
  const implementation: RefundServiceServer = {
    listRefunds: unary(read, async (ctx, { page: asked, state }) => {
      requireOneOf('STATUS_UNKNOWN', STATES, state);
      const page = await deps.reads.refunds(ctx.tenant, readPage('refunds', asked), state);
      return { refunds: page.rows.map(refundMessage), page: pageInfo('refunds', page) };
    }),
    getRefund: unary(read, async (ctx, { refundId }) => {
      const refund = await deps.reads.refund(ctx.tenant, refundId);
      return refund === undefined ? refuse(refundNotFound) : { refund: refundMessage(refund) };
    }),
    requestPayout: unary(write, async (ctx, { rechargeId, amountMicros, reason, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      return answered(
        await requestPayout(deps, ctx, { requestId, rechargeId, amountMicros, reason: requireReason(reason) }),
      );
    }),
    listCredits: unary(read, async (ctx, { page: asked, reason }) => {
      requireOneOf('CREDIT_REASON_UNKNOWN', ['', ...CREDIT_REASONS], reason);
      const page = await deps.reads.credits(ctx.tenant, readPage('credits', asked), reason as CreditReason | '');
      return { credits: page.rows.map(creditMessage), page: pageInfo('credits', page) };
    }),
    refundToWallet: unary(operate, async (_ctx, { accountId, targetKind, targetId, amountMicros, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      if (targetKind !== 'order' && targetKind !== 'bill_line') {
        throw grpcError(invalidArgument('REFUND_TARGET_UNKNOWN', 'target_kind must be order or bill_line'));
      }
      const target = { kind: targetKind as 'order' | 'bill_line', id: targetId };
      const reason = requireReason(request.reason);
      const command = { requestId, accountId: requireField('account_id', accountId), target, amountMicros, reason };
      return answered(await refundMoneyToWallet(deps, command));
    }),
    listOpenPayouts: unary(watch, async (_ctx, { page: asked }) => {
      const page = await deps.reads.openPayouts(readPage('payouts', asked));
      return { refunds: page.rows.map(refundMessage), page: pageInfo('payouts', page) };
    }),
    decidePayout: unary(operate, async (ctx, { refundId, approved, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      const by = ctx.tenant.principalId;
      return answered(await decidePayoutRequested(deps, { requestId, refundId, isApproved: approved, by }));
    }),
  };
  return { definition: RefundServiceService, implementation };
}

function answered(result: RefundResult) {
  return result.kind === 'refused' ? refuse(refundRefusal(result.refusal)) : { refund: refundMessage(result.refund) };
}

function requireReason(reason: string): string {
  if (reason === '' || reason.length > MAX_REASON_CHARS) {
    throw grpcError(invalidArgument('FIELD_MISSING', `reason of 1 to ${MAX_REASON_CHARS} characters is needed`));
  }
  return reason;
}

function refundMessage(refund: Refund): RefundMessage {
  const { id, tenant, kind, state, target, amountMicros, currency, reason, channel, serialNumber } = refund;
  return {
    refundId: id,
    tenant: writeTenant(tenant),
    ...{ kind, state, amountMicros, currency, reason, channel, serialNumber },
    targetKind: target.kind,
    targetId: target.id,
    createdAt: new Date(refund.createdAt),
    updatedAt: new Date(refund.updatedAt),
  };
}

function creditMessage(credit: Credit): CreditMessage {
  const { id, tenant, source, reason, billLineId, amountMicros, currency } = credit;
  return {
    creditId: id,
    tenant: writeTenant(tenant),
    resourceKind: source.kind,
    resourceId: source.id,
    epoch: source.epoch,
    ...{ reason, billLineId, amountMicros, currency },
    unusableFrom: new Date(credit.unusableFrom),
    unusableTo: new Date(credit.unusableTo),
    createdAt: new Date(credit.createdAt),
  };
}
