import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { grantLot, type GrantRefusalReason } from '../../domain/lot/grant-lot.ts';
import type { Applicability, Lot } from '../../domain/lot/lot.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

export type GrantCredit = {
  requestId: string;
  accountId: string;
  kind: 'promotional' | 'compensation';
  amountMicros: Micros;
  priority: number;
  effectiveAt?: Instant;
  expiresAt?: Instant;
  applicability: Applicability;
  /** Why, in the operator's words. */
  reason: string;
};
export type GrantResult =
  | { kind: 'granted'; lot: Lot }
  | { kind: 'refused'; reason: GrantRefusalReason | 'request_id_reused' | 'reason_missing' };

const SCOPE = 'credit-grant';
export const MAX_REASON_CHARS = 500;

/** An operator gives an account credit, and says why. Idempotent by request id. */
export async function grantCredit(deps: BillingDeps, operatorId: string, command: GrantCredit): Promise<GrantResult> {
  const { requestId, ...grant } = command;
  if (grant.reason.trim() === '' || grant.reason.length > MAX_REASON_CHARS)
    return { kind: 'refused', reason: 'reason_missing' };
  return deps.transact(async (stores): Promise<GrantResult> => {
    const [claim] = await stores.requests.claim<Lot>(SCOPE, [{ requestId, body: command }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return { kind: 'refused', reason: 'request_id_reused' };
    if (claim.kind === 'replayed') return { kind: 'granted', lot: claim.answer };
    const batch = await lockBatch(deps, stores, { accountIds: [grant.accountId], holdIds: [] });
    const decision = grantLot(batch, { ...grant, reference: operatorId });
    if (decision.kind === 'refused') {
      await stores.requests.forget(SCOPE, [requestId]);
      return decision;
    }
    await writeBatch(deps, stores, batch);
    await stores.requests.remember(SCOPE, [{ requestId, answer: decision.lot }]);
    return decision;
  });
}
