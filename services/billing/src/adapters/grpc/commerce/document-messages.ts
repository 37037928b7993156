import { CURRENCY } from '@suanli/kernel';
import type {
  Bill as BillMessage,
  Invoice as InvoiceMessage,
  InvoiceLine as InvoiceLineMessage,
  Statement as StatementMessage,
} from '@suanli/proto/suanli/billing/v1/document.ts';
import type { Bill } from '../../../app/documents/ports.ts';
import type { Invoice, InvoiceLine } from '../../../domain/document/invoice.ts';
import type { Statement } from '../../../domain/document/statement.ts';

export function billMessage({ isLive, ...bill }: Bill): BillMessage {
  return { ...bill, currency: CURRENCY, live: isLive };
}

export function statementMessage(statement: Statement): StatementMessage {
  const { id, month, status, openingMicros, closingMicros, currency, afterSequence, toSequence, closedAt } = statement;
  return {
    statementId: id,
    ...{ month, status, openingMicros, closingMicros, currency, afterSequence, toSequence },
    movements: statement.movements.map(({ code, ...movement }) => ({ kind: code, ...movement })),
    closedAt: closedAt === undefined ? undefined : new Date(closedAt),
  };
}

export function invoiceMessage(invoice: Invoice): InvoiceMessage {
  const { id, number, kind, originalId = '', dayFrom, dayTo, lineCount, totalMicros, currency, issuedAt } = invoice;
  return {
    invoiceId: id,
    originalInvoiceId: originalId,
    ...{ number, kind, dayFrom, dayTo, lineCount, totalMicros, currency },
    issuedAt: new Date(issuedAt),
  };
}

export function invoiceLineMessage({ isLate, ...line }: InvoiceLine & { position: number }): InvoiceLineMessage {
  return { ...line, late: isLate };
}
