import { CURRENCY, type Instant, invariant, type Micros } from '@suanli/kernel';
import type { Day } from '../calendar/calendar.ts';
import type { DocumentKind } from './series.ts';

/** What a line stands for: usage of one resource on one day, an order, or money that came back. */
export type InvoiceLineKind = 'usage' | 'order' | 'refund' | 'credit';

export type InvoiceLine = {
  kind: InvoiceLineKind;
  /** A bill line, an order, a refund, a credit: where the amount can be recomputed from. */
  referenceId: string;
  day: Day;
  title: string;
  resourceKind: string;
  resourceId: string;
  meter: string;
  region: string;
  item: string;
  quantity: bigint;
  /** Negative for money that came back, and for a correction of an earlier day. */
  amountMicros: Micros;
  /** Of a day before those of the document: it came in after its own month was closed. */
  isLate: boolean;
};

/** Immutable. A credit note lists money that came back of what one invoice had listed; its total is positive. */
export type Invoice = {
  id: string;
  number: string;
  kind: DocumentKind;
  accountId: string;
  originalId?: string;
  dayFrom: Day;
  dayTo: Day;
  lineCount: number;
  totalMicros: Micros;
  currency: string;
  issuedAt: Instant;
};

/** Something that no document lists yet, with the rows behind it: each row stands on one document for ever. */
export type OpenItem = Omit<InvoiceLine, 'isLate'> & {
  itemIds: readonly string[];
  /** The invoice that has listed what money came back of; absent for everything else, and when none has. */
  originalId?: string;
};

export type DraftDocument = {
  kind: DocumentKind;
  originalId?: string;
  dayFrom: Day;
  dayTo: Day;
  totalMicros: Micros;
  lines: InvoiceLine[];
  itemIds: string[];
};

/**
 * The documents over what is open: one invoice, and a credit note for each earlier invoice of which money came back.
 * Money that came back of what this invoice lists itself is a line of it. An invoice never falls below zero: what would
 * take it there waits for the next one.
 */
export function draftDocuments(open: readonly OpenItem[], days: { from: Day; to: Day }): DraftDocument[] {
  const inOrder = [...open].sort(byDayAndReference);
  const notes = new Map<string, OpenItem[]>();
  for (const item of inOrder) {
    if (item.originalId === undefined) continue;
    notes.set(item.originalId, [...(notes.get(item.originalId) ?? []), item]);
  }
  const own = inOrder.filter((item) => item.originalId === undefined);
  const invoice = draftOf('invoice', withinPaid(own), days);
  const creditNotes = [...notes].map(([originalId, items]) => ({ ...draftOf('credit_note', items, days), originalId }));
  return [invoice, ...creditNotes].filter((draft) => draft.lines.length > 0);
}

function draftOf(kind: DocumentKind, items: readonly OpenItem[], days: { from: Day; to: Day }): DraftDocument {
  const sign = kind === 'credit_note' ? -1n : 1n;
  const lines = items.map(({ itemIds: _rows, originalId: _original, ...line }): InvoiceLine => {
    return { ...line, amountMicros: sign * line.amountMicros, isLate: line.day < days.from };
  });
  const totalMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0n);
  invariant(totalMicros >= 0n, `a document of ${days.from} to ${days.to} has a negative total`);
  const firstDay = lines.reduce((first, line) => (line.day < first ? line.day : first), days.from);
  const dayFrom = firstDay < days.from && kind === 'credit_note' ? firstDay : days.from;
  return { kind, dayFrom, dayTo: days.to, totalMicros, lines, itemIds: items.flatMap((item) => item.itemIds) };
}

/** Leaves negative items out, the latest first, while they exceed the positive ones. */
function withinPaid(items: readonly OpenItem[]): OpenItem[] {
  let total = items.reduce((sum, item) => sum + item.amountMicros, 0n);
  const kept: OpenItem[] = [];
  for (const item of [...items].reverse()) {
    if (total < 0n && item.amountMicros < 0n) total -= item.amountMicros;
    else kept.unshift(item);
  }
  return kept;
}

function byDayAndReference(one: OpenItem, other: OpenItem): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  return one.referenceId < other.referenceId ? -1 : one.referenceId > other.referenceId ? 1 : 0;
}

/** A draft that got its number. */
export function issued(
  draft: DraftDocument,
  as: { id: string; number: string; accountId: string; issuedAt: Instant },
): Invoice {
  const { kind, originalId, dayFrom, dayTo, totalMicros, lines } = draft;
  return {
    ...as,
    kind,
    ...(originalId !== undefined && { originalId }),
    dayFrom,
    dayTo,
    lineCount: lines.length,
    totalMicros,
    currency: CURRENCY,
  };
}
