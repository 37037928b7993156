import { type Instant, invariant, type Micros } from '@suanli/kernel';
import type { Day } from '../calendar/calendar.ts';
import { type Hold, isResolved, remainingMicros } from '../hold/hold.ts';
import { partsLeft, withParts } from '../hold/lot-share.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import {
  type LotPart,
  REVENUE,
  sumOf,
  type Transfer,
  type TransferCode,
  type TransferKind,
  transferOf,
  WRITE_OFF,
} from '../ledger/transfer.ts';
import type { Wallet } from '../ledger/wallet.ts';
import { appliesTo, type Lot } from '../lot/lot.ts';
import { type Purse, partsOf, spendableMicros, withLotParts } from '../lot/purse.ts';
import type { SpendScope } from '../lot/spend-scope.ts';
import type { Borne } from './bill-line.ts';
import { giveBack, type PaidSoFar } from './give-back.ts';

/** Why the platform bears a part of a charge. */
export type WriteOffReason = 'hold_exceeded' | 'hold_ended' | 'no_hold';

/**
 * What one usage event added to one bill line on one day, and who paid: the parts sum to the amount. A correction takes
 * away: then none of them is above zero.
 */
export type Charge = {
  id: string;
  usageId: string;
  /** The first event that told the fact: corrections of it have their own ids. */
  factId: string;
  /** How often the event was rated before: a fence that comes late has it rated anew. */
  revision: number;
  billLineId: string;
  meter: string;
  quantity: bigint;
  /** What the line, or the month's total that it shares, had counted before. */
  baseQuantity: bigint;
  /** The part of the usage's window that it is for. */
  usageFrom: Instant;
  usageTo: Instant;
  /** The day of that part in the account's calendar. */
  day: Day;
  amountMicros: Micros;
  heldMicros: Micros;
  walletMicros: Micros;
  writtenOffMicros: Micros;
  writeOffReason?: WriteOffReason;
  /** What of a correction downwards had come back before, by refunds: nobody gets it again. Never above zero. */
  refundedMicros: Micros;
  /** The same by credits for unusable time. */
  creditedMicros: Micros;
  createdAt: Instant;
};

/** What a charge costs the customer, or makes cheaper: all but what the platform bears. */
export function ownMicros({
  amountMicros,
  writtenOffMicros,
}: Pick<Charge, 'amountMicros' | 'writtenOffMicros'>): Micros {
  return amountMicros - writtenOffMicros;
}

export type Settlement = Pick<
  Charge,
  'heldMicros' | 'walletMicros' | 'writtenOffMicros' | 'writeOffReason' | 'refundedMicros' | 'creditedMicros'
>;

/** What is charged, to whom: the wallet of an account, the hold that the usage named, the line that grows or shrinks. */
export type ToSettle = {
  accountId: string;
  holdId: string | undefined;
  scope: SpendScope;
  lineId: string;
  /** What was paid until now for the line, or for the total that it shares. */
  paid: Borne & { references: readonly string[]; voidCreditMicros: Micros };
};

/**
 * Books what a change of a bill line's amount costs into the batch. More: first what is left of the hold, then the
 * wallet as far as its money goes, then the platform. Less: back to where it came from, in the reverse order. The customer
 * is never taken below the floor for work that the platform let run unfunded.
 */
export function settleInto(batch: LedgerBatch, amountMicros: Micros, of: ToSettle): Settlement {
  const purse = batch.purseOf(of.accountId);
  invariant(purse !== undefined, `account ${of.accountId} has a wallet`);
  if (amountMicros < 0n) return settleBack(batch, -amountMicros, purse.wallet, of);
  const hold = of.holdId === undefined ? undefined : batch.hold(of.holdId);
  const payers = { purse, hold, scope: of.scope };
  const { heldParts, walletParts, ...settlement } = settle(amountMicros, payers, batch);
  const sides = { fromAccountId: purse.wallet.id, code: 'charge' as const };
  const { heldMicros, walletMicros, writtenOffMicros } = settlement;
  const booked = [
    { kind: 'post_pending' as const, ...sides, amountMicros: heldMicros, ...withLotParts(heldParts) },
    { kind: 'post' as const, ...sides, amountMicros: walletMicros, ...withLotParts(walletParts) },
    { kind: 'post' as const, code: 'write_off' as const, fromAccountId: WRITE_OFF, amountMicros: writtenOffMicros },
  ].map((part) => ({ ...part, toAccountId: REVENUE, reference: of.lineId }));
  const captured = hold !== undefined && heldMicros > 0n && capturedBy(hold, heldMicros, heldParts);
  batch.apply({ transfers: transfersOf(booked, hold, batch), ...(captured !== false && { hold: captured }) });
  return settlement;
}

type Payers = { purse: Purse; hold: Hold | undefined; scope: SpendScope };

/** Who pays `amountMicros`, and with which credit; what no part names is cash. */
export function settle(
  amountMicros: Micros,
  { purse, hold, scope }: Payers,
  ctx: { now: Instant; lot: (lotId: string) => Lot | undefined },
): Settlement & { heldParts: LotPart[]; walletParts: LotPart[] } {
  const held = hold === undefined ? NOTHING : takeFromHold(amountMicros, hold, scope, ctx.lot);
  const missingMicros = amountMicros - held.amountMicros;
  const walletMicros = min(missingMicros, spendableMicros(purse, scope, ctx.now));
  const writtenOffMicros = missingMicros - walletMicros;
  const writeOffReason = hold === undefined ? 'no_hold' : isResolved(hold) ? 'hold_ended' : 'hold_exceeded';
  return {
    heldMicros: held.amountMicros,
    walletMicros,
    writtenOffMicros,
    ...(writtenOffMicros > 0n && { writeOffReason }),
    refundedMicros: 0n,
    creditedMicros: 0n,
    heldParts: held.parts,
    walletParts: partsOf(walletMicros, purse, scope, ctx.now),
  };
}

type Taken = { amountMicros: Micros; parts: LotPart[] };
const NOTHING: Taken = { amountMicros: 0n, parts: [] };

/**
 * Credit that the hold set aside in time pays even when it has expired since, but only for what it is meant for: usage of
 * another item than the hold was placed for leaves it alone.
 */
function takeFromHold(amountMicros: Micros, hold: Hold, scope: SpendScope, lotOf: (lotId: string) => Lot | undefined) {
  const left = partsLeft(hold);
  const cashMicros = remainingMicros(hold) - sumOf(left);
  const parts: LotPart[] = [];
  let missingMicros = amountMicros;
  for (const part of left) {
    const lot = lotOf(part.lotId);
    const taken = lot !== undefined && appliesTo(lot, scope) ? min(missingMicros, part.amountMicros) : 0n;
    if (taken > 0n) parts.push({ lotId: part.lotId, amountMicros: taken });
    missingMicros -= taken;
  }
  return { amountMicros: amountMicros - missingMicros + min(missingMicros, cashMicros), parts };
}

function capturedBy(hold: Hold, heldMicros: Micros, parts: readonly LotPart[]): Hold {
  return {
    ...hold,
    ...withParts(hold, 'capturedMicros', parts),
    capturedMicros: hold.capturedMicros + heldMicros,
    version: hold.version + 1n,
  };
}

function settleBack(batch: LedgerBatch, amountMicros: Micros, wallet: Wallet, of: ToSettle): Settlement {
  const paid: PaidSoFar = { ...of.paid, id: of.lineId, credit: batch.creditSpentOn(of.paid.references) };
  const back = giveBack(amountMicros, paid, wallet, batch);
  const reference = of.lineId;
  const booked = [
    {
      code: 'write_off' as const,
      toAccountId: WRITE_OFF,
      amountMicros: back.writtenOffMicros,
    },
    {
      code: 'charge' as const,
      toAccountId: wallet.id,
      amountMicros: back.walletMicros,
      ...withLotParts(back.lotParts),
    },
  ].map((part) => ({ kind: 'post' as const, fromAccountId: REVENUE, reference, ...part }));
  batch.apply({ transfers: transfersOf(booked, undefined, batch), newLots: back.newLots });
  return {
    heldMicros: 0n,
    walletMicros: -back.walletMicros,
    writtenOffMicros: -back.writtenOffMicros,
    refundedMicros: -back.refundedMicros,
    creditedMicros: -back.creditedMicros,
  };
}

type Booked = {
  kind: TransferKind;
  code: TransferCode;
  fromAccountId: string;
  toAccountId: string;
  amountMicros: Micros;
  reference: string;
  lotParts?: readonly LotPart[];
};

/** Parts of zero move nothing. */
function transfersOf(
  booked: readonly Booked[],
  hold: Hold | undefined,
  ctx: { now: Instant; newId: (prefix: string) => string },
): Transfer[] {
  return booked
    .filter((part) => part.amountMicros > 0n)
    .map((part) =>
      transferOf({
        id: ctx.newId('trf'),
        ...part,
        ...(part.kind === 'post_pending' && hold !== undefined && { holdId: hold.id }),
        createdAt: ctx.now,
      }),
    );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
