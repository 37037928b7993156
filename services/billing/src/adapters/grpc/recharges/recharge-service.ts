import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { CURRENCY } from '@suanli/kernel';
import { RechargeServiceService, type RechargeServiceServer } from '@suanli/proto/suanli/billing/v1/recharge.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { recharge } from '../../../app/wallet/recharge.ts';
import { RECHARGE_STATUSES } from '../../../domain/recharge/recharge.ts';
import { pageInfo, readPage } from '../page.ts';
import { rechargeDetail } from './recharge-messages.ts';
import { askingProvider, rechargeNotFound, rechargeRefusal } from './recharge-refusals.ts';
import { requireRequestId } from '../require.ts';
import { walletMessage } from '../to-proto.ts';

/** Those who belong to an account. An operator has no wallet. */
const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
const STATUSES: readonly string[] = ['', ...RECHARGE_STATUSES];
const MAX_SERIAL_CHARS = 128;

/** How a customer puts money in. */
export function rechargeService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const implementation: RechargeServiceServer = {
    createRecharge: unary(write, async (ctx, request) => {
      requireRequestId(request.requestId);
      if (request.serialNumber.length > MAX_SERIAL_CHARS) {
        throw grpcError(invalidArgument('SERIAL_NUMBER_TOO_LONG', `at most ${MAX_SERIAL_CHARS} characters`));
      }
      const result = await askingProvider(recharge(deps, ctx, request));
      if (result.kind === 'refused') return refuse(rechargeRefusal(result.refusal));
      return { recharge: rechargeDetail(result.recharge), wallet: walletMessage(result.wallet) };
    }),

    getRecharge: unary(read, async (ctx, { rechargeId }) => {
      const found = await deps.reads.recharge(rechargeId, ctx.tenant);
      if (found === undefined) return refuse(rechargeNotFound);
      return { recharge: rechargeDetail(found, await deps.reads.movements(found.id)) };
    }),

    listRecharges: unary(read, async (ctx, { page: asked, status }) => {
      if (!STATUSES.includes(status)) {
        throw grpcError(
          invalidArgument('STATUS_UNKNOWN', `status must be one of ${RECHARGE_STATUSES.join(', ')}`, { status }),
        );
      }
      const page = await deps.reads.recharges(ctx.tenant, readPage('recharges', asked), status);
      return { recharges: page.rows.map((one) => rechargeDetail(one)), page: pageInfo('recharges', page) };
    }),

    listRechargeChannels: unary(read, async () => ({
      channels: [...deps.channels.values()].map(({ name, kind }) => ({ name, kind, currency: CURRENCY })),
    })),

    getDebt: unary(read, async (ctx) => ({
      owedMicros: await deps.reads.debt(ctx.tenant.accountId),
      currency: CURRENCY,
    })),
  };
  return { definition: RechargeServiceService, implementation };
}
