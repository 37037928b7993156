import { invariant, type Micros } from '@suanli/kernel';
import { decidePlace } from '../hold/decide-hold.ts';
import { type Hold, type HoldRefusal, remainingMicros } from '../hold/hold.ts';
import type { Change, LedgerBatch } from './ledger-batch.ts';
import { REVENUE, type Transfer, transferOf } from './transfer.ts';
import { TRANSFER_PURPOSE } from './transfer-command.ts';
import type { Wallet } from './wallet.ts';

type Booked = { kind: 'changed'; change: Change; transfer: Transfer };

/** A hold under the id of the order that made it, so that the caller knows it before it is booked. */
export function placeTransferHold(
  batch: LedgerBatch,
  wallet: Wallet,
  order: { id: string; amountMicros: Micros; timeoutMs: number; reference: string },
): Booked | { kind: 'refused'; refusal: HoldRefusal } {
  const { id, amountMicros, timeoutMs, reference } = order;
  const command = {
    tenant: { accountId: wallet.accountId, workspaceId: '', principalId: 'ledger' },
    amountMicros,
    expiresAt: batch.now + timeoutMs,
    purpose: { kind: TRANSFER_PURPOSE, id, epoch: 0 },
  };
  // Credit is for usage: what services order moves cash alone.
  const decision = decidePlace({ wallet, lots: [] }, command, {
    now: batch.now,
    newId: () => id,
    lot: () => undefined,
    lateUsageMs: 0,
  });
  if (decision.kind === 'refused') return decision;
  invariant(decision.kind === 'changed', 'a new reserve changes something');
  const [transfer] = decision.transfers;
  invariant(transfer !== undefined && decision.transfers.length === 1, 'a reserve is one transfer');
  const named = { ...transfer, reference };
  return { kind: 'changed', change: { transfers: [named], hold: decision.hold }, transfer: named };
}

/** Pays a part of a reserve. The last part resolves it. */
export function captureHold(
  batch: LedgerBatch,
  hold: Hold,
  order: { id: string; amountMicros: Micros; reference: string },
): Booked {
  const capturedMicros = hold.capturedMicros + order.amountMicros;
  const isWhole = capturedMicros + hold.releasedMicros === hold.amountMicros;
  const captured: Hold = {
    ...hold,
    capturedMicros,
    ...(isWhole && { status: 'closed' as const, resolvedAt: batch.now }),
    version: hold.version + 1n,
  };
  const transfer = phaseTwo(batch, hold, { ...order, kind: 'post_pending', code: 'movement' });
  return { kind: 'changed', change: { transfers: [transfer], hold: captured }, transfer };
}

/** Gives back what a reserve has left, and so resolves it. */
export function voidHold(batch: LedgerBatch, hold: Hold, order: { id: string; reference: string }): Booked {
  const amountMicros = remainingMicros(hold);
  const voided: Hold = {
    ...hold,
    status: 'closed',
    releasedMicros: hold.releasedMicros + amountMicros,
    resolvedAt: batch.now,
    version: hold.version + 1n,
  };
  const transfer = phaseTwo(batch, hold, { ...order, amountMicros, kind: 'void_pending', code: 'release' });
  return { kind: 'changed', change: { transfers: [transfer], hold: voided }, transfer };
}

function phaseTwo(
  batch: LedgerBatch,
  hold: Hold,
  part: Pick<Transfer, 'id' | 'kind' | 'code' | 'amountMicros' | 'reference'>,
): Transfer {
  const sides = { fromAccountId: hold.walletId, toAccountId: REVENUE };
  return transferOf({ ...part, ...sides, holdId: hold.id, createdAt: batch.now });
}
