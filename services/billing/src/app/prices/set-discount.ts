import type { Instant } from '@suanli/kernel';
import type { Discount } from '../../domain/price/rate.ts';
import { FULL_BASIS_POINTS } from '../../domain/price/price-model.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { onceOnly } from '../once-only.ts';

export type NewDiscount = Omit<Discount, 'id' | 'createdAt'>;
export type DiscountRefusal = { reason: 'basis_points_out_of_range' | 'discount_starts_in_past' | 'wallet_not_found' };
export type DiscountResult =
  | { kind: 'set'; discount: Discount }
  | { kind: 'refused'; refusal: DiscountRefusal }
  | { kind: 'refused'; refusal: { reason: 'request_id_reused' } };

/** A clock may differ a little from the caller's. */
const SLACK_MS = 60_000;

/** What an account pays less from `effectiveFrom` on; 0 basis points end an earlier discount of the same scope. */
export async function setDiscount(
  deps: BillingDeps,
  draft: NewDiscount,
  request?: { requestId: string },
): Promise<DiscountResult> {
  const { basisPoints } = draft;
  const now = deps.clock.now();
  if (!Number.isInteger(basisPoints) || basisPoints < 0 || basisPoints > FULL_BASIS_POINTS) {
    return refused('basis_points_out_of_range');
  }
  if (!startsInTime(draft.effectiveFrom, now)) return refused('discount_starts_in_past');
  if ((await deps.reads.wallet(draft.accountId)) === undefined) return refused('wallet_not_found');
  const discount: Discount = { ...draft, id: deps.ids.next('dsc'), createdAt: now };
  const set = async (stores: BillingStores) => {
    await stores.prices.insertDiscount(discount);
    return { kind: 'set' as const, discount };
  };
  return request === undefined ? deps.transact(set) : onceOnly(deps, 'set-discount', request, set);
}

function startsInTime(effectiveFrom: Instant, now: Instant): boolean {
  return effectiveFrom >= now - SLACK_MS;
}

function refused(reason: DiscountRefusal['reason']): DiscountResult {
  return { kind: 'refused', refusal: { reason } };
}
