import type { Instant } from '@suanli/kernel';
import { type Day, DAY_MS, dayOf, endOfDay, type Zone } from '../calendar/calendar.ts';
import { isTimed } from '../price/meter.ts';
import { type Quote, quotedRate } from '../price/quote.ts';
import { type Book, findRate, type Rate, rateChanges } from '../price/rate.ts';
import { type MeterReading, mergedReadings, type Usage } from './usage.ts';

/** A part of one reading that lies in one day and has one rate. */
export type Segment = { meter: string; quantity: bigint; from: Instant; to: Instant; day: Day; rate: Rate };

export type Segmented =
  | { kind: 'segmented'; segments: Segment[] }
  | { kind: 'unpriced'; meter: string }
  | { kind: 'window_out_of_range' | 'quantity_out_of_range' };

/** Longer windows are a mistake; without a bound one event could cut itself into any number of days. */
export const MAX_WINDOW_MS = 400 * DAY_MS;

/**
 * Cuts usage where its day or its rate changes, exactly at the instant: a timed meter by time, in whole base units of
 * which the parts sum to the whole; a counted one falls where its window begins. What lies after `until` is left out.
 */
export function segmentsOf(
  usage: Usage,
  rules: { book: Book; quote: Quote | undefined; zone: Zone; until: Instant },
): Segmented {
  if (usage.to < usage.from || usage.to - usage.from > MAX_WINDOW_MS) return { kind: 'window_out_of_range' };
  const segments: Segment[] = [];
  for (const reading of mergedReadings(usage.readings)) {
    if (reading.quantity < 0n) return { kind: 'quantity_out_of_range' };
    const what = {
      meter: reading.meter,
      region: usage.region,
      item: usage.item,
      accountId: usage.tenant.accountId,
    };
    const promised = rules.quote === undefined ? undefined : quotedRate(rules.quote, what);
    const changes = promised === undefined ? rateChanges(rules.book, what, usage.from, rules.until) : [];
    for (const piece of piecesOf(usage, reading, rules, changes)) {
      const rate = promised ?? findRate(rules.book, what, piece.from);
      if (rate === undefined) return { kind: 'unpriced', meter: reading.meter };
      segments.push({ meter: reading.meter, ...piece, day: dayOf(piece.from, rules.zone), rate });
    }
  }
  return { kind: 'segmented', segments };
}

/** How much of the reading lies after `until`: what a fence keeps from being charged. */
export function quantityAfter(usage: Usage, reading: MeterReading, until: Instant): bigint {
  if (until >= usage.to || !isDivisible(usage, reading.meter)) return 0n;
  return reading.quantity - quantityBefore(usage, reading, until);
}

type Piece = { from: Instant; to: Instant; quantity: bigint };

function piecesOf(
  usage: Usage,
  reading: MeterReading,
  { zone, until }: { zone: Zone; until: Instant },
  changes: readonly Instant[],
): Piece[] {
  const { from } = usage;
  if (!isDivisible(usage, reading.meter)) return [{ from, to: usage.to, quantity: reading.quantity }];
  const cuts = new Set([from, until, ...changes]);
  for (let at = endOfDay(dayOf(from, zone), zone); at < until; at += DAY_MS) cuts.add(at);
  const pieces: Piece[] = [];
  let begin = from;
  let before = 0n;
  for (const end of [...cuts].sort((a, b) => a - b).slice(1)) {
    const sofar = quantityBefore(usage, reading, end);
    if (sofar > before) pieces.push({ from: begin, to: end, quantity: sofar - before });
    begin = end;
    before = sofar;
  }
  return pieces;
}

function isDivisible(usage: Usage, meter: string): boolean {
  return isTimed(meter) && usage.to > usage.from;
}

/** What had been used at `at`, in whole base units, so that the parts of any cutting sum to the whole. */
function quantityBefore(usage: Usage, { quantity }: MeterReading, at: Instant): bigint {
  return (quantity * BigInt(at - usage.from)) / BigInt(usage.to - usage.from);
}
