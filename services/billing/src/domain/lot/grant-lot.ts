import type { Instant, Micros } from '@suanli/kernel';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import { CREDIT_SOURCE, type TransferCode, transferOf } from '../ledger/transfer.ts';
import type { Wallet } from '../ledger/wallet.ts';
import { type Applicability, type Lot, type LotKind, MAX_PRIORITY, MIN_PRIORITY } from './lot.ts';

export type Grant = {
  accountId: string;
  kind: LotKind;
  priority: number;
  /** When it begins to pay; now when absent. A time that has passed counts as now. */
  effectiveAt?: Instant;
  expiresAt?: Instant;
  applicability: Applicability;
  amountMicros: Micros;
  reason: string;
  reference: string;
};

export type GrantRefusalReason =
  | 'wallet_not_found'
  | 'account_frozen'
  | 'amount_out_of_range'
  | 'priority_out_of_range'
  | 'expiry_in_past'
  | 'applicability_too_long';

export type GrantDecision = { kind: 'granted'; lot: Lot } | { kind: 'refused'; reason: GrantRefusalReason };

/** Names that one list of a lot's applicability may hold. */
export const MAX_APPLICABLE = 100;

/** Puts credit into the wallet of an account whose lock the batch has, or refuses and changes nothing. */
export function grantLot(batch: LedgerBatch, grant: Grant): GrantDecision {
  const wallet = batch.walletOf(grant.accountId);
  if (wallet === undefined) return { kind: 'refused', reason: 'wallet_not_found' };
  if (wallet.status === 'frozen') return { kind: 'refused', reason: 'account_frozen' };
  const reason = refuseTerms(grant, batch.now);
  if (reason !== undefined) return { kind: 'refused', reason };
  const lot = emptyLot(wallet, grant, batch);
  fillNewLots(batch, wallet, [{ lot, amountMicros: grant.amountMicros }], {
    code: 'grant',
    fromAccountId: CREDIT_SOURCE[grant.kind],
    reference: lot.id,
  });
  return { kind: 'granted', lot: batch.lot(lot.id) ?? lot };
}

type Terms = Pick<Grant, 'amountMicros' | 'priority' | 'effectiveAt' | 'expiresAt' | 'applicability'>;

/** Why credit cannot be given on these terms; undefined when it can. */
export function refuseTerms(terms: Terms, now: Instant): GrantRefusalReason | undefined {
  const { amountMicros, priority, effectiveAt = now, expiresAt, applicability } = terms;
  if (amountMicros <= 0n || amountMicros > MAX_AMOUNT_MICROS) return 'amount_out_of_range';
  if (!Number.isInteger(priority) || priority < MIN_PRIORITY || priority > MAX_PRIORITY) return 'priority_out_of_range';
  if (expiresAt !== undefined && (expiresAt <= now || expiresAt <= effectiveAt)) return 'expiry_in_past';
  const lists = [applicability.products, applicability.items, applicability.regions];
  return lists.some((list) => list.length > MAX_APPLICABLE) ? 'applicability_too_long' : undefined;
}

/** A lot as it is made: nothing is in it until a transfer fills it. */
export function emptyLot(
  wallet: Wallet,
  terms: Omit<Grant, 'accountId'>,
  ctx: { now: Instant; newId: (prefix: string) => string },
): Lot {
  const { kind, priority, effectiveAt = ctx.now, expiresAt, applicability, amountMicros, reason, reference } = terms;
  return {
    id: ctx.newId('lot'),
    walletId: wallet.id,
    accountId: wallet.accountId,
    kind,
    priority,
    effectiveAt: Math.max(effectiveAt, ctx.now),
    ...(expiresAt !== undefined && { expiresAt }),
    applicability,
    grantedMicros: amountMicros,
    remainingMicros: 0n,
    reservedMicros: 0n,
    brokenMicros: 0n,
    reason,
    reference,
    createdAt: ctx.now,
  };
}

function fillNewLots(
  batch: LedgerBatch,
  wallet: Wallet,
  filled: readonly { lot: Lot; amountMicros: Micros }[],
  of: { code: TransferCode; fromAccountId: string; reference: string },
): void {
  const transfers = filled.map(({ lot, amountMicros }) =>
    transferOf({
      id: batch.newId('trf'),
      kind: 'post',
      ...of,
      toAccountId: wallet.id,
      amountMicros,
      lotParts: [{ lotId: lot.id, amountMicros }],
      createdAt: batch.now,
    }),
  );
  batch.apply({ transfers, newLots: filled.map((one) => one.lot) });
}
