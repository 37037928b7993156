import { invariant } from '@suanli/kernel';
import type { Bill, BillQuery, DocumentReads, DocumentStore } from '../app/documents/ports.ts';
import type { Visible } from '../app/read-ports.ts';
import { dayOf } from '../domain/calendar/calendar.ts';
import type { Invoice, InvoiceLine, OpenItem } from '../domain/document/invoice.ts';
import type { Statement } from '../domain/document/statement.ts';
import { cut } from './memory-commerce.ts';
import type { MemoryState } from './memory-state.ts';

export type DocumentState = {
  documentNumbers: Map<string, number>;
  invoices: Map<string, { invoice: Invoice; lines: readonly InvoiceLine[] }>;
  invoicedItems: Map<string, string>;
  statements: Map<string, Statement>;
  closedMonths: Set<string>;
};

export function emptyDocumentState(): DocumentState {
  return {
    documentNumbers: new Map(),
    invoices: new Map(),
    invoicedItems: new Map(),
    statements: new Map(),
    closedMonths: new Set(),
  };
}

export function memoryDocuments(state: MemoryState): { documents: DocumentStore } {
  const documents: DocumentStore = {
    openItems: async (accountId, upTo) => [
      ...openUsage(state, accountId, upTo.day),
      ...openMoney(state, accountId, upTo.before),
    ],
    async takeNumber(series, year) {
      const next = (state.documentNumbers.get(`${series}/${year}`) ?? 0) + 1;
      state.documentNumbers.set(`${series}/${year}`, next);
      return next;
    },
    async insertInvoice(invoice, lines, itemIds) {
      state.invoices.set(invoice.id, { invoice, lines });
      for (const itemId of itemIds) {
        invariant(!state.invoicedItems.has(itemId), `${itemId} stands on one document`);
        state.invoicedItems.set(itemId, invoice.id);
      }
    },
    statement: async (accountId, month) => state.statements.get(`${accountId}/${month}`),
    async statementRange(walletId, { from, to }, afterSequence) {
      const mine = state.entries.filter((entry) => entry.accountId === walletId);
      const lastBefore = (at: number) =>
        mine
          .filter(({ transfer }) => transfer.createdAt < at)
          .reduce((last, { sequence }) => (sequence > last ? sequence : last), 0n);
      const after = afterSequence ?? lastBefore(from);
      const until = lastBefore(to) > after ? lastBefore(to) : after;
      const balanceAt = (sequence: bigint) => mine.find((entry) => entry.sequence === sequence)?.afterMicros ?? 0n;
      return {
        afterSequence: after,
        toSequence: until,
        openingMicros: balanceAt(after),
        closingMicros: balanceAt(until),
      };
    },
    async statementMovements(walletId, { afterSequence, toSequence }) {
      const codes = new Map<string, { inMicros: bigint; outMicros: bigint; count: number }>();
      for (const { accountId, sequence, postedMicros, transfer } of state.entries) {
        if (accountId !== walletId || sequence <= afterSequence || sequence > toSequence || postedMicros === 0n)
          continue;
        const { inMicros, outMicros, count } = codes.get(transfer.code) ?? { inMicros: 0n, outMicros: 0n, count: 0 };
        codes.set(transfer.code, {
          inMicros: inMicros + (postedMicros > 0n ? postedMicros : 0n),
          outMicros: outMicros - (postedMicros < 0n ? postedMicros : 0n),
          count: count + 1,
        });
      }
      return [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, moved]) => ({ code, ...moved }));
    },
    async insertStatement(statement) {
      state.statements.set(`${statement.accountId}/${statement.month}`, statement);
    },
    lastClosed: async () => [...state.closedMonths].sort().at(-1),
    async markClosed(month) {
      state.closedMonths.add(month);
    },
    accountsToClose: async (month, openedBefore, limit) =>
      [...state.wallets.values()]
        .filter((one) => one.createdAt < openedBefore && !state.statements.has(`${one.accountId}/${month}`))
        .map((one) => one.accountId)
        .sort()
        .slice(0, limit),
  };
  return { documents };
}

function openUsage(state: MemoryState, accountId: string, day: string): OpenItem[] {
  const items = new Map<string, OpenItem>();
  for (const charge of state.charges) {
    const line = state.billLines.get(charge.billLineId);
    if (line?.tenant.accountId !== accountId || charge.day > day || state.invoicedItems.has(charge.id)) continue;
    const key = `${line.id}/${charge.day}`;
    const before = items.get(key);
    const { meter, region, item, sourceKind, sourceId } = line;
    items.set(key, {
      kind: 'usage',
      referenceId: line.id,
      day: charge.day,
      title: [sourceKind, item, meter].filter((part) => part !== '').join(' · '),
      resourceKind: sourceKind,
      resourceId: sourceId,
      ...{ meter, region, item },
      quantity: (before?.quantity ?? 0n) + charge.quantity,
      amountMicros: (before?.amountMicros ?? 0n) + charge.heldMicros + charge.walletMicros,
      itemIds: [...(before?.itemIds ?? []), charge.id],
    });
  }
  return [...items.values()];
}

function openMoney(state: MemoryState, accountId: string, before: number): OpenItem[] {
  const isOpen = (row: { id: string; tenant: { accountId: string }; createdAt: number }) =>
    row.tenant.accountId === accountId && row.createdAt < before && !state.invoicedItems.has(row.id);
  const invoiceOfLine = (lineId: string) =>
    [...state.invoices.values()]
      .filter(({ invoice, lines }) => {
        return invoice.kind === 'invoice' && lines.some((one) => one.kind === 'usage' && one.referenceId === lineId);
      })
      .map(({ invoice }) => invoice.id)
      .sort()
      .at(-1);
  const item = (
    kind: OpenItem['kind'],
    row: { id: string; createdAt: number },
    about: { title: string; kind: string; id: string; amountMicros: bigint; originalId?: string | undefined },
  ): OpenItem => ({
    kind,
    referenceId: row.id,
    day: dayOf(row.createdAt),
    title: about.title,
    resourceKind: about.kind,
    resourceId: about.id,
    meter: '',
    region: '',
    item: '',
    quantity: 1n,
    amountMicros: about.amountMicros,
    itemIds: [row.id],
    ...(about.originalId !== undefined && { originalId: about.originalId }),
  });
  const orders = [...state.orders.values()]
    .filter((one) => isOpen(one) && ['purchase', 'renewal', 'upgrade'].includes(one.kind) && one.amountMicros > 0n)
    .map((one) => item('order', one, { ...one, id: one.subjectId }));
  const refunds = [...state.refunds.values()]
    .filter((one) => isOpen(one) && one.kind === 'wallet')
    .map((one) => {
      const { kind, id } = one.target;
      const originalId = kind === 'order' ? state.invoicedItems.get(id) : invoiceOfLine(id);
      return item('refund', one, { title: one.reason, kind, id, amountMicros: -one.amountMicros, originalId });
    });
  const credits = state.credits.filter(isOpen).map((one) => {
    const { billLineId: id, reason: title, amountMicros } = one;
    const originalId = invoiceOfLine(id);
    return item('credit', one, { title, kind: 'bill_line', id, amountMicros: -amountMicros, originalId });
  });
  return [...orders, ...refunds, ...credits];
}

export function memoryDocumentReads(state: () => MemoryState): DocumentReads {
  return {
    async bills(visible, query, page) {
      const keyOf = ({ day, billLineId }: Bill) => `${day}/${billLineId}`;
      const rows = billsOf(state(), visible, query).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      return cut(
        rows.filter((row) => page.after === undefined || keyOf(row) > page.after),
        page,
        keyOf,
      );
    },
    async billTotal(visible, query) {
      const rows = billsOf(state(), visible, query);
      return {
        amountMicros: rows.reduce((total, row) => total + row.amountMicros, 0n),
        writtenOffMicros: rows.reduce((total, row) => total + row.writtenOffMicros, 0n),
        lineCount: rows.length,
      };
    },
    async invoices(accountId, page, kind) {
      const rows = [...state().invoices.values()]
        .map((one) => one.invoice)
        .filter((one) => one.accountId === accountId && (kind === '' || one.kind === kind))
        .filter((one) => page.after === undefined || one.id < page.after)
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      return cut(rows, page, (one) => one.id);
    },
    async invoice(accountId, id) {
      const found = state().invoices.get(id)?.invoice;
      return found?.accountId === accountId ? found : undefined;
    },
    async invoiceLines(invoiceId, page) {
      const lines = (state().invoices.get(invoiceId)?.lines ?? []).map((line, position) => ({ ...line, position }));
      const after = page.after === undefined ? -1 : Number(page.after);
      return cut(
        lines.filter((line) => line.position > after),
        page,
        (line) => String(line.position),
      );
    },
    async statements(accountId, page) {
      const rows = [...state().statements.values()]
        .filter((one) => one.accountId === accountId && (page.after === undefined || one.month < page.after))
        .sort((a, b) => (a.month < b.month ? 1 : -1));
      return cut(rows, page, (one) => one.month);
    },
  };
}

function billsOf(state: MemoryState, visible: Visible, { month, resourceId, today }: BillQuery): Bill[] {
  const bills = new Map<string, Bill>();
  for (const charge of state.charges) {
    const line = state.billLines.get(charge.billLineId);
    if (line === undefined || line.tenant.accountId !== visible.accountId) continue;
    if (line.tenant.workspaceId !== visible.workspaceId || !charge.day.startsWith(month)) continue;
    if (resourceId !== '' && line.sourceId !== resourceId) continue;
    const key = `${line.id}/${charge.day}`;
    const before = bills.get(key);
    bills.set(key, {
      billLineId: line.id,
      day: charge.day,
      workspaceId: line.tenant.workspaceId,
      resourceKind: line.sourceKind,
      resourceId: line.sourceId,
      meter: line.meter,
      region: line.region,
      item: line.item,
      quantity: (before?.quantity ?? 0n) + charge.quantity,
      amountMicros: (before?.amountMicros ?? 0n) + charge.amountMicros,
      writtenOffMicros: (before?.writtenOffMicros ?? 0n) + charge.writtenOffMicros,
      isLive: charge.day >= today,
    });
  }
  return [...bills.values()];
}
