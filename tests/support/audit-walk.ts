import { expect } from 'vitest';
import { type PriceView, priceByHand } from './price-by-hand.ts';

/** The walk of docs/api/billing/audit-walk.md with nothing but a URL and a key: plain HTTP, and sums of its own. */
export type Reader = { url: string; key: string };

export type InvoiceView = { id: string; number: string; total_micros: string; line_count: number };
export type InvoiceLineView = {
  position: number;
  kind: string;
  reference_id: string;
  day: string;
  meter: string;
  quantity: string;
  amount_micros: string;
};
type Charge = {
  id: string;
  usage_id: string;
  day: string;
  usage_from: string;
  usage_to: string;
  quantity: string;
  base_quantity: string;
  amount_micros: string;
  held_micros: string;
  wallet_micros: string;
  written_off_micros: string;
};
type Usage = {
  usage_id: string;
  usage_from: string;
  usage_to: string;
  readings: { meter: string; quantity: string }[];
};
export type TransferView = {
  id: string;
  kind: string;
  from_account_id: string;
  to_account_id: string;
  amount_micros: string;
  hold_id?: string;
  lots: { lot_id: string; amount_micros: string }[];
};
export type HoldView = { id: string; amount_micros: string; captured_micros: string; released_micros: string };
type Provenance = {
  line: { id: string; meter: string; quantity: string; amount_micros: string; period?: string };
  price: PriceView;
  discount?: { basis_points: number };
  charges: Charge[];
  usages: Usage[];
  holds: HoldView[];
  transfers: TransferView[];
  replay: { amount_micros: string; equal: boolean; partial: boolean };
};
export type EntryView = { transfer_id: string; amount_micros: string };

/** What one line of an invoice turned out to rest on. */
export type WalkedLine = { billLineId: string; paidMicros: bigint; transfers: TransferView[]; holds: HoldView[] };

/** Meters that grow with time are cut by it; the others fall where their window begins. */
const TIMED = new Set(['gpu_time', 'cpu_time', 'storage_time']);

export async function read<T>({ url, key }: Reader, path: string): Promise<T> {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Every page of a list. */
export async function readAll<T>(reader: Reader, path: string): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await read<{ data: T[]; has_more: boolean; next_cursor?: string }>(
      reader,
      `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    found.push(...page.data);
    if (!page.has_more) return found;
    cursor = page.next_cursor;
  }
}

/** From one line of an invoice down to the wallet; fails where a sum is not what the line says. */
export async function walkLine(reader: Reader, line: InvoiceLineView, entries: readonly EntryView[]) {
  expect(line.kind).toBe('usage');
  const found = await read<Provenance>(reader, `/v1/bill-lines/${line.reference_id}/provenance`);
  const { charges, transfers, holds } = found;
  expect([found.line.id, found.line.meter]).toEqual([line.reference_id, line.meter]);
  for (const charge of charges) recompute(charge, found);
  if (found.line.period === undefined) chainsUp(found);
  const ofDay = charges.filter((charge) => charge.day === line.day);
  const paidMicros = sum(ofDay, paidOf);
  expect([line.quantity, line.amount_micros]).toEqual([
    String(sum(ofDay, (charge) => charge.quantity)),
    String(paidMicros),
  ]);
  expect(String(sum(charges, (charge) => charge.amount_micros))).toBe(found.line.amount_micros);
  expect(found.replay).toEqual({ amount_micros: found.line.amount_micros, equal: true, partial: false });
  followMoney(charges, transfers, entries);
  return { billLineId: line.reference_id, paidMicros, transfers, holds } satisfies WalkedLine;
}

/** One charge: what the event told of its part of the window, at its place in the total, under the price. */
function recompute(charge: Charge, { line, price, discount, usages }: Provenance): void {
  const usage = usages.find((one) => one.usage_id === charge.usage_id);
  if (usage === undefined) throw new Error(`the event ${charge.usage_id} is not among the evidence`);
  const told = sum(
    usage.readings.filter((reading) => reading.meter === line.meter),
    (reading) => reading.quantity,
  );
  expect(charge.quantity).toBe(String(TIMED.has(line.meter) ? partOf(told, charge, usage) : told));
  const before = BigInt(charge.base_quantity);
  const off = discount?.basis_points ?? 0;
  const added = priceByHand(price, before + BigInt(charge.quantity), off) - priceByHand(price, before, off);
  expect([charge.id, charge.amount_micros]).toEqual([charge.id, String(added)]);
  expect(String(paidOf(charge) + BigInt(charge.written_off_micros))).toBe(charge.amount_micros);
}

/** What an event tells of a part of its window: up to its end less up to its beginning, each rounded down. */
function partOf(told: bigint, charge: Charge, usage: Usage): bigint {
  const start = Date.parse(usage.usage_from);
  const length = BigInt(Date.parse(usage.usage_to) - start);
  const upTo = (time: string) => (told * BigInt(Date.parse(time) - start)) / length;
  return upTo(charge.usage_to) - upTo(charge.usage_from);
}

/** Under a price of the line alone each charge begins where the one before it has ended, and the last one at the whole. */
function chainsUp({ line, charges, price, discount }: Provenance): void {
  const inOrder = charges.toSorted((a, b) => (BigInt(a.base_quantity) < BigInt(b.base_quantity) ? -1 : 1));
  let total = 0n;
  for (const charge of inOrder) {
    expect(charge.base_quantity).toBe(String(total));
    total += BigInt(charge.quantity);
  }
  expect(line.quantity).toBe(String(total));
  expect(line.amount_micros).toBe(String(priceByHand(price, total, discount?.basis_points ?? 0)));
}

/** The transfers moved what the charges say, and each that touched the wallet stands in its statement. */
function followMoney(charges: readonly Charge[], transfers: readonly TransferView[], entries: readonly EntryView[]) {
  let fromHolds = 0n;
  let fromWallet = 0n;
  let borne = 0n;
  for (const transfer of transfers) {
    const amount = BigInt(transfer.amount_micros);
    if (transfer.kind === 'post_pending') fromHolds += amount;
    else if (transfer.from_account_id === 'platform:write_off') borne += amount;
    else fromWallet += transfer.to_account_id === 'platform:revenue' ? amount : -amount;
    expect(sum(transfer.lots, (lot) => lot.amount_micros) <= amount).toBe(true);
    if (transfer.from_account_id === 'platform:write_off') continue;
    const isOut = transfer.to_account_id === 'platform:revenue';
    const entry = entries.find((one) => one.transfer_id === transfer.id);
    expect([transfer.id, entry?.amount_micros]).toEqual([transfer.id, String(isOut ? -amount : amount)]);
  }
  expect([fromHolds, fromWallet, borne]).toEqual([
    sum(charges, (charge) => charge.held_micros),
    sum(charges, (charge) => charge.wallet_micros),
    sum(charges, (charge) => charge.written_off_micros),
  ]);
}

function paidOf(charge: Charge): bigint {
  return BigInt(charge.held_micros) + BigInt(charge.wallet_micros);
}

export function sum<T>(items: readonly T[], of: (item: T) => bigint | string): bigint {
  return items.reduce((total, item) => total + BigInt(of(item)), 0n);
}
