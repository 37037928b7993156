import { type CallContext, invariant, type TenantPath } from '@suanli/kernel';
import { grantLot, type GrantRefusalReason } from '../../domain/lot/grant-lot.ts';
import type { Lot } from '../../domain/lot/lot.ts';
import { blockedForMs, withFailure } from '../../domain/voucher/attempts.ts';
import { plainOrder } from '../../domain/order/order.ts';
import { creditExpiry, type RedeemRefusalReason, refuseRedemption } from '../../domain/voucher/voucher.ts';
import { readVoucherCode } from '../../domain/voucher/voucher-code.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { openWallet } from '../wallet/open-wallet.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

export type RedeemVoucher = { requestId: string; code: string };
export type RedeemRefusal =
  | { reason: RedeemRefusalReason | GrantRefusalReason | 'request_id_reused' }
  | { reason: 'voucher_attempts_exceeded'; retryAfterMs: number };
export type RedeemResult = { kind: 'redeemed'; lot: Lot } | { kind: 'refused'; refusal: RedeemRefusal };

/**
 * Turns a code into credit of the calling account. Idempotent by request id. A code that is not taken counts as a failure:
 * after some of them in a while none is taken from this account, right or wrong, so that codes cannot be guessed.
 */
export async function redeemVoucher(
  deps: BillingDeps,
  ctx: CallContext,
  command: RedeemVoucher,
): Promise<RedeemResult> {
  const code = readVoucherCode(command.code);
  if (code === undefined) return refused({ reason: 'voucher_code_malformed' });
  const { requestId } = command;
  const { accountId } = ctx.tenant;
  const codeHash = deps.voucherCodes.hashOf(code);
  const scope = `voucher/${accountId}`;
  return deps.transact(async (stores): Promise<RedeemResult> => {
    const [claim] = await stores.requests.claim<Lot>(scope, [{ requestId, body: { codeHash } }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return refused({ reason: 'request_id_reused' });
    if (claim.kind === 'replayed') return { kind: 'redeemed', lot: claim.answer };
    const result = await redeem(deps, stores, ctx.tenant, codeHash);
    if (result.kind === 'refused') await stores.requests.forget(scope, [requestId]);
    else await stores.requests.remember(scope, [{ requestId, answer: result.lot }]);
    return result;
  });
}

async function redeem(
  deps: BillingDeps,
  stores: BillingStores,
  tenant: TenantPath,
  codeHash: string,
): Promise<RedeemResult> {
  const { accountId } = tenant;
  await openWallet(deps, stores, accountId);
  const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
  // Before anything is told of the code: who may not redeem learns nothing.
  if (batch.walletOf(accountId)?.status === 'frozen') return refused({ reason: 'account_frozen' });
  const attempts = await stores.vouchers.attempts(accountId);
  const retryAfterMs = blockedForMs(attempts, batch.now);
  if (retryAfterMs > 0) return refused({ reason: 'voucher_attempts_exceeded', retryAfterMs });
  const state = await stores.vouchers.lock(codeHash, accountId);
  const reason = refuseRedemption(state, batch.now);
  if (reason !== undefined || state === undefined) {
    await stores.vouchers.saveAttempts(accountId, withFailure(attempts, batch.now));
    return refused({ reason: reason ?? 'voucher_unknown' });
  }
  const { id: batchId, name, amountMicros, priority, applicability } = state.batch;
  const expiresAt = creditExpiry(state.batch, batch.now);
  const decision = grantLot(batch, {
    accountId,
    kind: 'voucher',
    ...{ amountMicros, priority, applicability },
    ...(expiresAt !== undefined && { expiresAt }),
    reason: name,
    reference: batchId,
  });
  if (decision.kind === 'refused') return refused({ reason: decision.reason });
  await writeBatch(deps, stores, batch);
  await stores.vouchers.redeem({ codeHash, accountId, batchId, lotId: decision.lot.id, redeemedAt: batch.now });
  const order = { tenant, kind: 'voucher' as const, subjectId: decision.lot.id, title: name, amountMicros };
  await stores.orders.insert(plainOrder(order, batch));
  return { kind: 'redeemed', lot: decision.lot };
}

function refused(refusal: RedeemRefusal): RedeemResult {
  return { kind: 'refused', refusal };
}
