import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import { REVENUE, type Transfer, transferOf } from '../ledger/transfer.ts';
import { availableMicros, type Wallet } from '../ledger/wallet.ts';
import {
  type Hold,
  type HoldPurpose,
  type HoldRefusal,
  isResolved,
  MAX_AMOUNT_MICROS,
  remainingMicros,
} from './hold.ts';

export type HoldDecision =
  | { kind: 'changed'; hold: Hold; transfers: Transfer[] }
  | { kind: 'unchanged'; hold: Hold }
  | { kind: 'refused'; refusal: HoldRefusal };

/** What every decision is told beside its command. */
export type DecisionContext = { now: Instant; newId: (prefix: string) => string };

export type PlaceHold = { tenant: TenantPath; amountMicros: Micros; expiresAt: Instant; purpose: HoldPurpose };
export type ExtendHold = { holdId: string; amountMicros: Micros; expiresAt: Instant };

/** Decides on the balance *after* active holds, so that parallel jobs cannot spend the same money twice. */
export function decidePlace(
  wallet: Wallet | undefined,
  command: PlaceHold,
  ctx: DecisionContext & { lateUsageMs: number },
): HoldDecision {
  if (!isAmount(command.amountMicros)) return refused('amount_out_of_range');
  if (command.expiresAt <= ctx.now) return refused('expiry_in_past');
  if (wallet === undefined) return refused('wallet_not_found');
  const shortfall = refuseUnpayable(wallet, command.amountMicros);
  if (shortfall !== undefined) return { kind: 'refused', refusal: shortfall };
  const hold: Hold = {
    id: ctx.newId('hld'),
    walletId: wallet.id,
    tenant: command.tenant,
    status: 'active',
    amountMicros: command.amountMicros,
    capturedMicros: 0n,
    releasedMicros: 0n,
    purpose: command.purpose,
    scope: { product: command.purpose.kind, item: '', region: '' },
    expiresAt: command.expiresAt,
    releaseAt: command.expiresAt + ctx.lateUsageMs,
    version: 1n,
    createdAt: ctx.now,
  };
  return { kind: 'changed', hold, transfers: [reserve(hold, command.amountMicros, ctx)] };
}

/** Raises total and expiry; neither ever goes down, so that two extensions in the wrong order do no harm. */
export function decideExtend(
  wallet: Wallet,
  hold: Hold,
  command: ExtendHold,
  ctx: DecisionContext & { lateUsageMs: number },
): HoldDecision {
  if (hold.status !== 'active') return refused('hold_not_active');
  if (!isAmount(command.amountMicros) || command.amountMicros < hold.amountMicros)
    return refused('amount_out_of_range');
  if (command.expiresAt <= ctx.now) return refused('expiry_in_past');
  const moreMicros = command.amountMicros - hold.amountMicros;
  const shortfall = moreMicros > 0n ? refuseUnpayable(wallet, moreMicros) : undefined;
  if (shortfall !== undefined) return { kind: 'refused', refusal: shortfall };
  const expiresAt = Math.max(hold.expiresAt, command.expiresAt);
  const extended: Hold = {
    ...hold,
    amountMicros: command.amountMicros,
    expiresAt,
    releaseAt: expiresAt + ctx.lateUsageMs,
    version: hold.version + 1n,
  };
  return { kind: 'changed', hold: extended, transfers: moreMicros > 0n ? [reserve(hold, moreMicros, ctx)] : [] };
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
  const resolved: Hold = {
    ...hold,
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
    createdAt: ctx.now,
  });
  return { kind: 'changed', hold: resolved, transfers: [back] };
}

function reserve(hold: Hold, amountMicros: Micros, ctx: DecisionContext): Transfer {
  return transferOf({
    id: ctx.newId('trf'),
    kind: 'pending',
    code: 'hold',
    fromAccountId: hold.walletId,
    toAccountId: REVENUE,
    amountMicros,
    holdId: hold.id,
    reference: hold.id,
    createdAt: ctx.now,
  });
}

function refuseUnpayable(wallet: Wallet, amountMicros: Micros): HoldRefusal | undefined {
  if (wallet.status === 'frozen') return { reason: 'account_frozen', missingMicros: 0n };
  const missingMicros = amountMicros - availableMicros(wallet);
  return missingMicros > 0n ? { reason: 'insufficient_funds', missingMicros } : undefined;
}

function isAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

function refused(reason: HoldRefusal['reason']): HoldDecision {
  return { kind: 'refused', refusal: { reason, missingMicros: 0n } };
}
