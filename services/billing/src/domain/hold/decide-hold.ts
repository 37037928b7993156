import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import { type LotPart, REVENUE, type Transfer, transferOf } from '../ledger/transfer.ts';
import { breakageAfterRelease } from '../lot/expire-lot.ts';
import { inOrderOfUse, type Lot } from '../lot/lot.ts';
import { type Purse, partsOf, spendableMicros, withLotParts } from '../lot/purse.ts';
import type { SpendScope } from '../lot/spend-scope.ts';
import {
  type Hold,
  type HoldPurpose,
  type HoldRefusal,
  isResolved,
  MAX_AMOUNT_MICROS,
  remainingMicros,
} from './hold.ts';
import { partsLeft, withParts } from './lot-share.ts';

export type HoldDecision =
  | { kind: 'changed'; hold: Hold; transfers: Transfer[] }
  | { kind: 'unchanged'; hold: Hold }
  | { kind: 'refused'; refusal: HoldRefusal };

/** What every decision is told beside its command. */
export type DecisionContext = {
  now: Instant;
  newId: (prefix: string) => string;
  /** A lot of the wallet, as the changes so far leave it. */
  lot: (lotId: string) => Lot | undefined;
};

export type PlaceHold = {
  tenant: TenantPath;
  amountMicros: Micros;
  expiresAt: Instant;
  purpose: HoldPurpose;
  /** What the money is for, which decides what credit may be set aside; by itself, the kind of its purpose. */
  scope?: SpendScope;
};
export type ExtendHold = { holdId: string; amountMicros: Micros; expiresAt: Instant };
type Timed = DecisionContext & { lateUsageMs: number };

/**
 * Decides on what is there *after* active holds, so that parallel jobs cannot spend the same money twice: credit that
 * applies to the purpose first, in the order of its use, then cash.
 */
export function decidePlace(purse: Purse | undefined, command: PlaceHold, ctx: Timed): HoldDecision {
  if (!isAmount(command.amountMicros)) return refused('amount_out_of_range');
  if (command.expiresAt <= ctx.now) return refused('expiry_in_past');
  if (purse === undefined) return refused('wallet_not_found');
  const scope = command.scope ?? { product: command.purpose.kind, item: '', region: '' };
  const shortfall = refuseUnpayable(purse, scope, command.amountMicros, ctx.now);
  if (shortfall !== undefined) return { kind: 'refused', refusal: shortfall };
  const hold: Hold = {
    id: ctx.newId('hld'),
    walletId: purse.wallet.id,
    tenant: command.tenant,
    status: 'active',
    amountMicros: command.amountMicros,
    capturedMicros: 0n,
    releasedMicros: 0n,
    purpose: command.purpose,
    scope,
    expiresAt: command.expiresAt,
    releaseAt: command.expiresAt + ctx.lateUsageMs,
    version: 1n,
    createdAt: ctx.now,
  };
  const parts = partsOf(command.amountMicros, purse, scope, ctx.now);
  const placed = { ...hold, ...withParts(hold, 'reservedMicros', parts) };
  return { kind: 'changed', hold: placed, transfers: [reserve(hold, command.amountMicros, parts, ctx)] };
}

/** Raises total and expiry; neither ever goes down, so that two extensions in the wrong order do no harm. */
export function decideExtend(purse: Purse, hold: Hold, command: ExtendHold, ctx: Timed): HoldDecision {
  if (hold.status !== 'active') return refused('hold_not_active');
  if (!isAmount(command.amountMicros) || command.amountMicros < hold.amountMicros)
    return refused('amount_out_of_range');
  if (command.expiresAt <= ctx.now) return refused('expiry_in_past');
  const moreMicros = command.amountMicros - hold.amountMicros;
  const shortfall = moreMicros > 0n ? refuseUnpayable(purse, hold.scope, moreMicros, ctx.now) : undefined;
  if (shortfall !== undefined) return { kind: 'refused', refusal: shortfall };
  const parts = partsOf(moreMicros, purse, hold.scope, ctx.now);
  const expiresAt = Math.max(hold.expiresAt, command.expiresAt);
  const extended: Hold = {
    ...hold,
    ...inUseOrder(withParts(hold, 'reservedMicros', parts), ctx),
    amountMicros: command.amountMicros,
    expiresAt,
    releaseAt: expiresAt + ctx.lateUsageMs,
    version: hold.version + 1n,
  };
  const transfers = moreMicros > 0n ? [reserve(hold, moreMicros, parts, ctx)] : [];
  return { kind: 'changed', hold: extended, transfers };
}

/** Credit that came later may be used earlier: shares stand in the order in which they will be captured. */
function inUseOrder({ lotShares }: Pick<Hold, 'lotShares'>, ctx: DecisionContext): Pick<Hold, 'lotShares'> {
  if (lotShares === undefined) return {};
  const lots = new Map(lotShares.map(({ lotId }) => [lotId, ctx.lot(lotId)]));
  const ordered = lotShares.toSorted((a, b) => {
    const [one, other] = [lots.get(a.lotId), lots.get(b.lotId)];
    return one === undefined || other === undefined ? 0 : inOrderOfUse(one, other);
  });
  return { lotShares: ordered };
}

/** Ends a hold. The remainder goes back at once, unless a usage event that has not been rated yet may still need it. */
export function decideClose(hold: Hold, awaitsUsageId: string | undefined, ctx: DecisionContext): HoldDecision {
  if (hold.status !== 'active') return { kind: 'unchanged', hold };
  const closed: Hold = { ...hold, status: 'closed' };
  if (awaitsUsageId === undefined) return resolve(closed, 'release', ctx);
  return { kind: 'changed', hold: { ...closed, awaitsUsageId, version: hold.version + 1n }, transfers: [] };
}

/** After the last usage event was rated: whatever is left goes back, whether or not anyone has closed the hold. */
export function decideSettled(hold: Hold, ctx: DecisionContext): HoldDecision {
  if (isResolved(hold)) return { kind: 'unchanged', hold };
  return resolve({ ...hold, status: 'closed' }, 'release', ctx);
}

/** Gives back the remainder of a hold whose time has passed. */
export function decideExpire(hold: Hold, ctx: DecisionContext): HoldDecision {
  if (isResolved(hold) || hold.releaseAt > ctx.now) return { kind: 'unchanged', hold };
  return resolve({ ...hold, status: 'expired' }, 'expiry', ctx);
}

function resolve(hold: Hold, code: 'release' | 'expiry', ctx: DecisionContext): HoldDecision {
  const restMicros = remainingMicros(hold);
  const parts = partsLeft(hold);
  const resolved: Hold = {
    ...hold,
    ...withParts(hold, 'releasedMicros', parts),
    releasedMicros: hold.releasedMicros + restMicros,
    resolvedAt: ctx.now,
    version: hold.version + 1n,
  };
  if (restMicros === 0n) return { kind: 'changed', hold: resolved, transfers: [] };
  const back = transferOf({
    id: ctx.newId('trf'),
    kind: 'void_pending',
    code,
    fromAccountId: hold.walletId,
    toAccountId: REVENUE,
    amountMicros: restMicros,
    holdId: hold.id,
    reference: hold.id,
    ...withLotParts(parts),
    createdAt: ctx.now,
  });
  return { kind: 'changed', hold: resolved, transfers: [back, ...breakageAfterRelease(parts, ctx)] };
}

function reserve(hold: Hold, amountMicros: Micros, parts: readonly LotPart[], ctx: DecisionContext): Transfer {
  return transferOf({
    id: ctx.newId('trf'),
    kind: 'pending',
    code: 'hold',
    fromAccountId: hold.walletId,
    toAccountId: REVENUE,
    amountMicros,
    holdId: hold.id,
    reference: hold.id,
    ...withLotParts(parts),
    createdAt: ctx.now,
  });
}

function refuseUnpayable(purse: Purse, scope: SpendScope, amountMicros: Micros, now: Instant): HoldRefusal | undefined {
  if (purse.wallet.status === 'frozen') return { reason: 'account_frozen', missingMicros: 0n };
  const missingMicros = amountMicros - spendableMicros(purse, scope, now);
  return missingMicros > 0n ? { reason: 'insufficient_funds', missingMicros } : undefined;
}

function isAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

function refused(reason: HoldRefusal['reason']): HoldDecision {
  return { kind: 'refused', refusal: { reason, missingMicros: 0n } };
}
