import type { Instant } from '@suanli/kernel';

export type RecordId = { tenant: string; route: string; key: string };
export type Claim = RecordId & { bodySha256: string; claimedBy: string; now: Instant; claimedUntil: Instant };

export type StoredAnswer = { status: number; headers: Record<string, string>; body: string };

export type ClaimResult =
  | { kind: 'claimed' }
  | { kind: 'answered'; sealedAnswer: string }
  | { kind: 'in_flight' }
  | { kind: 'other_body' };

export interface IdempotencyStore {
  /** Atomic: of two concurrent claims one wins. A claim that has run out can be taken over with the same body. */
  claim(claim: Claim): Promise<ClaimResult>;
  /** Keeps the answer, if the claim is still ours. */
  answer(record: RecordId, claimedBy: string, answerStatus: number, sealedAnswer: string): Promise<void>;
  /** Frees the key, if the claim is still ours. */
  release(record: RecordId, claimedBy: string): Promise<void>;
  purge(olderThan: Instant, limit: number): Promise<number>;
}
