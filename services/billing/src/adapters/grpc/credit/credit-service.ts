import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import { CreditServiceService, type CreditServiceServer } from '@suanli/proto/suanli/billing/v1/credits.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { redeemVoucher } from '../../../app/vouchers/redeem-voucher.ts';
import type { LotStatus } from '../../../domain/lot/lot.ts';
import { isWholeNumber, pageInfo, readPage } from '../page.ts';
import { requireRequestId } from '../require.ts';
import { creditLotMessage, movementMessage } from './credit-messages.ts';
import { creditLotNotFound, redeemRefusal } from './credit-refusals.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
const STATUSES = ['', 'scheduled', 'active', 'exhausted', 'expired'];

/** What a customer sees of its own credit, and vouchers that become more of it. */
export function creditService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const lotOf = (ctx: CallContext, lotId: string) => deps.reads.lot(ctx.tenant.accountId, lotId);
  const implementation: CreditServiceServer = {
    listCreditLots: unary(read, async (ctx, { page: asked, status }) => {
      if (!isStatus(status)) {
        const message = 'status must be scheduled, active, exhausted or expired';
        throw grpcError(invalidArgument('STATUS_UNKNOWN', message, { status }));
      }
      const now = deps.clock.now();
      const { accountId } = ctx.tenant;
      const page = await deps.reads.lots({ accountId, status, now }, readPage('lots', asked));
      return { lots: page.rows.map((lot) => creditLotMessage(lot, now)), page: pageInfo('lots', page) };
    }),

    getCreditLot: unary(read, async (ctx, { lotId }) => {
      const lot = await lotOf(ctx, lotId);
      return lot === undefined ? refuse(creditLotNotFound) : { lot: creditLotMessage(lot, deps.clock.now()) };
    }),

    listCreditLotMovements: unary(read, async (ctx, { lotId, page: asked }) => {
      const query = readPage('movements', asked, isWholeNumber);
      if ((await lotOf(ctx, lotId)) === undefined) return refuse(creditLotNotFound);
      const page = await deps.reads.lotMovements(lotId, query);
      return { movements: page.rows.map(movementMessage), page: pageInfo('movements', page) };
    }),

    redeemVoucher: unary(write, async (ctx, { requestId, code }) => {
      const result = await redeemVoucher(deps, ctx, { requestId: requireRequestId(requestId), code });
      if (result.kind === 'refused') return refuse(redeemRefusal(result.refusal));
      return { lot: creditLotMessage(result.lot, deps.clock.now()) };
    }),
  };
  return { definition: CreditServiceService, implementation };
}

function isStatus(status: string): status is LotStatus | '' {
  return STATUSES.includes(status);
}
