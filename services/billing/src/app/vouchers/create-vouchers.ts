import { invariant } from '@suanli/kernel';
import { type BatchRefusalReason, refuseBatch, type VoucherBatch } from '../../domain/voucher/voucher.ts';
import { newVoucherCode } from '../../domain/voucher/voucher-code.ts';
import type { BillingDeps } from '../ports.ts';

export type CreateVouchers = { requestId: string } & Omit<
  VoucherBatch,
  'id' | 'createdAt' | 'createdBy' | 'withdrawnAt' | 'redeemFrom'
> & { redeemFrom?: number };

export type VouchersResult =
  /** The codes are shown this once; who repeats the request gets the batch without them. */
  | { kind: 'created'; batch: VoucherBatch; codes: string[] }
  | { kind: 'refused'; reason: BatchRefusalReason | 'request_id_reused' | 'reason_missing' };

const SCOPE = 'vouchers';

/** Makes a batch of codes. Only their hashes are kept, so what is lost here can only be withdrawn and made anew. */
export async function createVouchers(
  deps: BillingDeps,
  operatorId: string,
  command: CreateVouchers,
): Promise<VouchersResult> {
  const { requestId, redeemFrom, ...terms } = command;
  if (terms.reason.trim() === '' || terms.name.trim() === '') return { kind: 'refused', reason: 'reason_missing' };
  return deps.transact(async (stores): Promise<VouchersResult> => {
    const now = deps.clock.now();
    const [claim] = await stores.requests.claim<VoucherBatch>(SCOPE, [{ requestId, body: command }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return { kind: 'refused', reason: 'request_id_reused' };
    if (claim.kind === 'replayed') return { kind: 'created', batch: claim.answer, codes: [] };
    const batch = {
      ...terms,
      id: deps.ids.next('vou'),
      redeemFrom: redeemFrom ?? now,
      createdBy: operatorId,
      createdAt: now,
    };
    const reason = refuseBatch(batch, now);
    if (reason !== undefined) {
      await stores.requests.forget(SCOPE, [requestId]);
      return { kind: 'refused', reason };
    }
    const codes = Array.from({ length: batch.codeCount }, () => newVoucherCode(deps.voucherCodes.random));
    await stores.vouchers.insert(batch, codes.map(deps.voucherCodes.hashOf));
    await stores.requests.remember(SCOPE, [{ requestId, answer: batch }]);
    return { kind: 'created', batch, codes };
  });
}
