import type { Clock, IdSource } from '@suanli/kernel';
import type { Vault } from '../ports.ts';
import type { IdempotencyStore, RecordId, StoredAnswer } from './ports.ts';

/** Longer than a handler may take: a claim runs out when its gateway is dead, and who repeats the request waits for that. */
export const CLAIM_MS = 35_000;
/** How long an answer is replayed. */
export const ANSWER_KEPT_MS = 24 * 3_600_000;

export type IdempotencyDeps = { store: IdempotencyStore; vault: Vault; clock: Clock; ids: IdSource };

export type Begun =
  | { kind: 'begun'; claim: HeldClaim }
  | { kind: 'replay'; answer: StoredAnswer }
  | { kind: 'refused'; reason: 'idempotency_key_in_flight' | 'idempotency_key_reused' };

export type HeldClaim = {
  /** Keeps a successful answer for replay; any other frees the key, for nothing was done. */
  finish(answer: StoredAnswer): Promise<void>;
};

/**
 * Claims the key for this request. The answer kept here is a cache: after a crash between effect and answer the claim
 * runs out, the request is tried again with the same request id, and the service that has the effect replays it.
 */
export async function beginIdempotent(deps: IdempotencyDeps, record: RecordId, bodySha256: string): Promise<Begun> {
  const { store, vault, clock, ids } = deps;
  const now = clock.now();
  const claimedBy = ids.next('clm');
  const purpose = `answer ${record.tenant} ${record.route} ${record.key}`;
  const result = await store.claim({ ...record, bodySha256, claimedBy, now, claimedUntil: now + CLAIM_MS });
  switch (result.kind) {
    case 'other_body':
      return { kind: 'refused', reason: 'idempotency_key_reused' };
    case 'in_flight':
      return { kind: 'refused', reason: 'idempotency_key_in_flight' };
    case 'answered':
      return { kind: 'replay', answer: JSON.parse(vault.open(result.sealedAnswer, purpose)) as StoredAnswer };
    case 'claimed':
      return {
        kind: 'begun',
        claim: {
          finish: (answer) =>
            answer.status < 400
              ? store.answer(record, claimedBy, answer.status, vault.seal(JSON.stringify(answer), purpose))
              : store.release(record, claimedBy),
        },
      };
    default:
      return result satisfies never;
  }
}
