import type { Instant, Micros } from '@suanli/kernel';
import type { Day, Month } from '../../domain/calendar/calendar.ts';
import type { Invoice, InvoiceLine, OpenItem } from '../../domain/document/invoice.ts';
import type { Statement, StatementMovement, StatementRange } from '../../domain/document/statement.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

/** Whoever issues a document has the wallet of its account locked: nothing is charged meanwhile. */
export interface DocumentStore {
  /** What no document lists yet, of days up to this one. */
  openItems(accountId: string, upTo: { day: Day; before: Instant }): Promise<OpenItem[]>;
  /** The next number of a series. Other documents of it wait until this transaction ends: a number is never lost. */
  takeNumber(series: string, year: number): Promise<number>;
  insertInvoice(invoice: Invoice, lines: readonly InvoiceLine[], itemIds: readonly string[]): Promise<void>;
  statement(accountId: string, month: Month): Promise<Statement | undefined>;
  /** The entries of the month: after those of the month before, up to the last one before its end. */
  statementRange(
    walletId: string,
    times: { from: Instant; to: Instant },
    afterSequence?: bigint,
  ): Promise<StatementRange>;
  statementMovements(walletId: string, range: StatementRange): Promise<StatementMovement[]>;
  insertStatement(statement: Statement): Promise<void>;
  /** The latest month that is closed for every account. */
  lastClosed(): Promise<Month | undefined>;
  markClosed(month: Month, now: Instant): Promise<void>;
  /** Accounts with a wallet that have not closed the month, in the order of their ids. */
  accountsToClose(month: Month, openedBefore: Instant, limit: number): Promise<string[]>;
}

/** What one resource cost on one day on one meter. */
export type Bill = {
  billLineId: string;
  day: Day;
  workspaceId: string;
  resourceKind: string;
  resourceId: string;
  meter: string;
  region: string;
  item: string;
  quantity: bigint;
  amountMicros: Micros;
  /** The part that the platform bore. */
  writtenOffMicros: Micros;
  /** The running day may still grow. */
  isLive: boolean;
};

export type BillQuery = { month: Month; resourceId: string; today: Day };
export type BillTotal = { amountMicros: Micros; writtenOffMicros: Micros; lineCount: number };

export interface DocumentReads {
  /** By day, then by line. */
  bills(visible: Visible, query: BillQuery, page: PageQuery): Promise<Page<Bill>>;
  billTotal(visible: Visible, query: BillQuery): Promise<BillTotal>;
  /** Newest first; empty kind for both. */
  invoices(accountId: string, page: PageQuery, kind: string): Promise<Page<Invoice>>;
  invoice(accountId: string, invoiceId: string): Promise<Invoice | undefined>;
  invoiceLines(invoiceId: string, page: PageQuery): Promise<Page<InvoiceLine & { position: number }>>;
  statements(accountId: string, page: PageQuery): Promise<Page<Statement>>;
}

export type DocumentEvent = { kind: 'invoice_issued'; invoice: Invoice };
