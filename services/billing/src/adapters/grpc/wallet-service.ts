import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { WalletServiceService, type WalletServiceServer } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import type { BillingDeps } from '../../app/ports.ts';
import { getWallet } from '../../app/wallet/get-wallet.ts';
import { recharge } from '../../app/wallet/recharge.ts';
import { isWholeNumber, pageInfo, readPage } from './page.ts';
import { askingProvider, rechargeRefusal } from './recharges/recharge-refusals.ts';
import { billLineNotFound } from './refusals.ts';
import { requireRequestId } from './require.ts';
import { billLineMessage, holdMessage, ledgerEntryMessage, rechargeMessage, walletMessage } from './to-proto.ts';

/** Those who belong to an account. An operator has no wallet. */
const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
const HOLD_STATUSES = ['', 'active', 'closed', 'expired'];
const MAX_SERIAL_CHARS = 128;

/** What a customer sees of its own money. */
export function walletService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const implementation: WalletServiceServer = {
    getWallet: unary(read, async (ctx) => ({ wallet: walletMessage(await getWallet(deps, ctx)) })),

    recharge: unary(write, async (ctx, request) => {
      requireRequestId(request.requestId);
      if (request.serialNumber.length > MAX_SERIAL_CHARS) {
        throw grpcError(invalidArgument('SERIAL_NUMBER_TOO_LONG', `at most ${MAX_SERIAL_CHARS} characters`));
      }
      const result = await askingProvider(recharge(deps, ctx, request));
      if (result.kind === 'refused') return refuse(rechargeRefusal(result.refusal));
      return { recharge: rechargeMessage(result.recharge), wallet: walletMessage(result.wallet) };
    }),

    listLedgerEntries: unary(read, async (ctx, request) => {
      const query = readPage('entries', request.page, isWholeNumber);
      const wallet = await getWallet(deps, ctx);
      const page = await deps.reads.ledgerEntries(wallet.id, query);
      return { entries: page.rows.map(ledgerEntryMessage), page: pageInfo('entries', page) };
    }),

    listHolds: unary(read, async (ctx, { page: asked, status }) => {
      if (!HOLD_STATUSES.includes(status)) {
        throw grpcError(invalidArgument('STATUS_UNKNOWN', 'status must be active, closed or expired', { status }));
      }
      const page = await deps.reads.holds(ctx.tenant, readPage('holds', asked), status);
      return { holds: page.rows.map(holdMessage), page: pageInfo('holds', page) };
    }),

    listBillLines: unary(read, async (ctx, { page: asked, resourceId }) => {
      const page = await deps.reads.billLines(ctx.tenant, readPage('lines', asked), resourceId);
      return { billLines: page.rows.map(billLineMessage), page: pageInfo('lines', page) };
    }),

    getBillLine: unary(read, async (ctx, { billLineId }) => {
      const line = await deps.reads.billLine(ctx.tenant, billLineId);
      return line === undefined ? refuse(billLineNotFound) : { billLine: billLineMessage(line) };
    }),
  };
  return { definition: WalletServiceService, implementation };
}
