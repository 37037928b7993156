import { monthOf } from '../../domain/calendar/calendar.ts';
import { checkCommitment, type Commitment, type CommitmentRefusal } from '../../domain/price/commitment.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { onceOnly } from '../once-only.ts';

export type NewCommitment = Omit<Commitment, 'id' | 'createdAt'>;
export type CommitmentResult =
  | { kind: 'set'; commitment: Commitment }
  | { kind: 'refused'; refusal: CommitmentRefusal }
  | { kind: 'refused'; refusal: { reason: 'request_id_reused' } };

/** What an account will spend each month at least, from a month that has not passed. */
export async function setCommitment(
  deps: BillingDeps,
  draft: NewCommitment,
  request?: { requestId: string },
): Promise<CommitmentResult> {
  const now = deps.clock.now();
  const set = async (stores: BillingStores): Promise<CommitmentResult> => {
    const [wallet] = await stores.wallets.lockInOrder([draft.accountId]);
    if (wallet === undefined) return { kind: 'refused', refusal: { reason: 'wallet_not_found' } };
    const known = await stores.commitments.ofAccount(draft.accountId);
    const reason = checkCommitment(known, draft, monthOf(now));
    if (reason !== undefined) return { kind: 'refused', refusal: { reason } };
    const commitment: Commitment = { ...draft, id: deps.ids.next('cmt'), createdAt: now };
    await stores.commitments.insert(commitment);
    return { kind: 'set', commitment };
  };
  return request === undefined ? deps.transact(set) : onceOnly(deps, 'set-commitment', request, set);
}
