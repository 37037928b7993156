import { monthOf } from '../../domain/calendar/calendar.ts';
import { checkCommitment, type Commitment, type CommitmentRefusal } from '../../domain/price/commitment.ts';
import type { BillingDeps } from '../ports.ts';

export type NewCommitment = Omit<Commitment, 'id' | 'createdAt'>;
export type CommitmentResult =
  | { kind: 'set'; commitment: Commitment }
  | { kind: 'refused'; refusal: CommitmentRefusal };

/** What an account will spend each month at least, from a month that has not passed. */
export async function setCommitment(deps: BillingDeps, draft: NewCommitment): Promise<CommitmentResult> {
  const now = deps.clock.now();
  return deps.transact(async (stores) => {
    const [wallet] = await stores.wallets.lockInOrder([draft.accountId]);
    if (wallet === undefined) return { kind: 'refused', refusal: { reason: 'wallet_not_found' } };
    const known = await stores.commitments.ofAccount(draft.accountId);
    const reason = checkCommitment(known, draft, monthOf(now));
    if (reason !== undefined) return { kind: 'refused', refusal: { reason } };
    const commitment: Commitment = { ...draft, id: deps.ids.next('cmt'), createdAt: now };
    await stores.commitments.insert(commitment);
    return { kind: 'set', commitment };
  });
}
