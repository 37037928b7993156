import type { Instant, Micros } from '@suanli/kernel';
import { refuseTerms } from '../lot/grant-lot.ts';
import type { Applicability } from '../lot/lot.ts';

/** Codes that were made together and give the same credit. */
export type VoucherBatch = {
  id: string;
  name: string;
  amountMicros: Micros;
  codeCount: number;
  /** How many accounts may redeem one code. */
  redemptionsPerCode: number;
  /** How many codes of the batch one account may redeem. */
  maxPerAccount: number;
  redeemFrom: Instant;
  /** From this instant on its codes are no longer taken; absent for ever. */
  redeemUntil?: Instant;
  /** How long the credit is good after its redemption; absent for ever. */
  creditValidDays?: number;
  priority: number;
  applicability: Applicability;
  reason: string;
  createdBy: string;
  createdAt: Instant;
  /** When the operator took it back: its codes are no longer taken, what was redeemed stays. */
  withdrawnAt?: Instant;
};

/** What is known of a code that someone wants to redeem. */
export type VoucherState = {
  batch: VoucherBatch;
  redemptions: number;
  /** Whether this account redeemed this code before. */
  isRedeemedByAccount: boolean;
  /** How many codes of the batch this account redeemed. */
  redemptionsByAccount: number;
};

export type RedeemRefusalReason =
  | 'voucher_code_malformed'
  | 'voucher_unknown'
  | 'voucher_withdrawn'
  | 'voucher_not_yet_valid'
  | 'voucher_expired'
  | 'voucher_already_redeemed'
  | 'voucher_used'
  | 'voucher_exhausted'
  | 'voucher_limit_reached';

/** Why a code is not taken; undefined when it is. */
export function refuseRedemption(state: VoucherState | undefined, now: Instant): RedeemRefusalReason | undefined {
  if (state === undefined) return 'voucher_unknown';
  const { batch, redemptions, isRedeemedByAccount, redemptionsByAccount } = state;
  if (isRedeemedByAccount) return 'voucher_already_redeemed';
  if (batch.withdrawnAt !== undefined) return 'voucher_withdrawn';
  if (batch.redeemFrom > now) return 'voucher_not_yet_valid';
  if (batch.redeemUntil !== undefined && batch.redeemUntil <= now) return 'voucher_expired';
  if (redemptions >= batch.redemptionsPerCode)
    return batch.redemptionsPerCode === 1 ? 'voucher_used' : 'voucher_exhausted';
  return redemptionsByAccount >= batch.maxPerAccount ? 'voucher_limit_reached' : undefined;
}

const DAY_MS = 86_400_000;

/** Until when the credit of a code redeemed now is good. */
export function creditExpiry({ creditValidDays }: VoucherBatch, now: Instant): Instant | undefined {
  return creditValidDays === undefined ? undefined : now + creditValidDays * DAY_MS;
}

export const MAX_CODES = 10_000;
export const MAX_REDEMPTIONS = 1_000_000;
export const MAX_VALID_DAYS = 3_650;

export type BatchRefusalReason =
  | 'amount_out_of_range'
  | 'priority_out_of_range'
  | 'applicability_too_long'
  | 'count_out_of_range'
  | 'expiry_in_past';

/** Why a batch cannot be made on these terms; undefined when it can. */
export function refuseBatch(batch: VoucherBatch, now: Instant): BatchRefusalReason | undefined {
  const { redeemFrom, redeemUntil, creditValidDays, codeCount, redemptionsPerCode, maxPerAccount } = batch;
  const terms = refuseTerms({ ...batch, effectiveAt: now }, now);
  if (terms !== undefined && terms !== 'wallet_not_found' && terms !== 'account_frozen') return terms;
  if (!isCount(codeCount, MAX_CODES) || !isCount(redemptionsPerCode, MAX_REDEMPTIONS)) return 'count_out_of_range';
  if (!isCount(maxPerAccount, MAX_CODES)) return 'count_out_of_range';
  if (creditValidDays !== undefined && !isCount(creditValidDays, MAX_VALID_DAYS)) return 'count_out_of_range';
  return redeemUntil !== undefined && (redeemUntil <= now || redeemUntil <= redeemFrom) ? 'expiry_in_past' : undefined;
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
