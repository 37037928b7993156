import type { Instant, Micros } from '@suanli/kernel';
import { type Hold, isResolved, remainingMicros } from '../hold/hold.ts';
import {
  REVENUE,
  type Transfer,
  type TransferCode,
  type TransferKind,
  transferOf,
  WRITE_OFF,
} from '../ledger/transfer.ts';
import { availableMicros, type Wallet } from '../ledger/wallet.ts';

/** Why the platform bears a part of a charge. */
export type WriteOffReason = 'hold_exceeded' | 'hold_ended' | 'no_hold';

/** What one usage event added to one bill line, and who paid: the three parts sum to the amount. */
export type Charge = {
  id: string;
  usageId: string;
  billLineId: string;
  meter: string;
  quantity: bigint;
  amountMicros: Micros;
  heldMicros: Micros;
  walletMicros: Micros;
  writtenOffMicros: Micros;
  writeOffReason?: WriteOffReason;
  createdAt: Instant;
};

export type Settlement = Pick<Charge, 'heldMicros' | 'walletMicros' | 'writtenOffMicros' | 'writeOffReason'>;

/**
 * Who pays `amountMicros`: first what is left of the hold, then the wallet as far as its money goes, then the platform.
 * The customer is never taken below the floor for work that the platform let run unfunded.
 */
export function settle(amountMicros: Micros, wallet: Wallet, hold: Hold | undefined): Settlement {
  const heldMicros = min(amountMicros, hold === undefined ? 0n : remainingMicros(hold));
  const walletMicros = min(amountMicros - heldMicros, availableMicros(wallet));
  const writtenOffMicros = amountMicros - heldMicros - walletMicros;
  if (writtenOffMicros === 0n) return { heldMicros, walletMicros, writtenOffMicros };
  const writeOffReason = hold === undefined ? 'no_hold' : isResolved(hold) ? 'hold_ended' : 'hold_exceeded';
  return { heldMicros, walletMicros, writtenOffMicros, writeOffReason };
}

/** The transfers of a settlement; parts of zero move nothing. */
export function chargeTransfers(
  settlement: Settlement,
  of: { wallet: Wallet; hold: Hold | undefined; billLineId: string },
  ctx: { now: Instant; newId: (prefix: string) => string },
): Transfer[] {
  const parts: { kind: TransferKind; code: TransferCode; fromAccountId: string; amountMicros: Micros }[] = [
    { kind: 'post_pending', code: 'charge', fromAccountId: of.wallet.id, amountMicros: settlement.heldMicros },
    { kind: 'post', code: 'charge', fromAccountId: of.wallet.id, amountMicros: settlement.walletMicros },
    { kind: 'post', code: 'write_off', fromAccountId: WRITE_OFF, amountMicros: settlement.writtenOffMicros },
  ];
  return parts
    .filter((part) => part.amountMicros > 0n)
    .map((part) =>
      transferOf({
        id: ctx.newId('trf'),
        ...part,
        toAccountId: REVENUE,
        ...(part.kind === 'post_pending' && of.hold !== undefined && { holdId: of.hold.id }),
        reference: of.billLineId,
        createdAt: ctx.now,
      }),
    );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
