import type { Instant, Micros } from '@suanli/kernel';
import { BREAKAGE, type LotPart, type Transfer, transferOf } from '../ledger/transfer.ts';
import { freeMicros, hasExpired, type Lot } from './lot.ts';

type Context = { now: Instant; newId: (prefix: string) => string };

/**
 * What of an expired lot no hold has goes to the platform, to the micro. What a hold has was set aside in time: it stays
 * good for that hold, and breaks when it comes back. Undefined when there is nothing to break.
 */
export function breakageOf(lot: Lot, ctx: Context, releasedMicros: Micros = 0n): Transfer | undefined {
  const amountMicros = freeMicros(lot) + releasedMicros;
  if (!hasExpired(lot, ctx.now) || amountMicros === 0n) return undefined;
  return transferOf({
    id: ctx.newId('trf'),
    kind: 'post',
    code: 'breakage',
    fromAccountId: lot.walletId,
    toAccountId: BREAKAGE,
    amountMicros,
    reference: lot.id,
    lotParts: [{ lotId: lot.id, amountMicros }],
    createdAt: ctx.now,
  });
}

/** The breakage that follows when these parts of lots come back from a hold: of those that expired meanwhile. */
export function breakageAfterRelease(
  parts: readonly LotPart[],
  ctx: Context & { lot: (lotId: string) => Lot | undefined },
): Transfer[] {
  return parts.flatMap(({ lotId, amountMicros }) => {
    const lot = ctx.lot(lotId);
    return (lot && breakageOf(lot, ctx, amountMicros)) ?? [];
  });
}
