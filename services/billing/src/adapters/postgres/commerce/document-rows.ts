import { CURRENCY } from '@suanli/kernel';
import type { Invoice, InvoiceLine, InvoiceLineKind } from '../../../domain/document/invoice.ts';
import type { Statement, StatementMovement } from '../../../domain/document/statement.ts';
import type { invoiceLines, invoices, statements } from '../schema/index.ts';
import { fromTaggedJson } from '../tagged-json.ts';

export function toStatement(row: typeof statements.$inferSelect): Statement {
  const { movements, closedAt, ...rest } = row;
  return {
    ...rest,
    status: 'closed',
    movements: fromTaggedJson<StatementMovement[]>(movements),
    currency: CURRENCY,
    closedAt: closedAt.getTime(),
  };
}

export function toInvoice({ originalId, issuedAt, ...row }: typeof invoices.$inferSelect): Invoice {
  return { ...row, ...(originalId !== null && { originalId }), issuedAt: issuedAt.getTime() };
}

export function toInvoiceLine(row: typeof invoiceLines.$inferSelect): InvoiceLine & { position: number } {
  const { invoiceId: _invoice, kind, ...line } = row;
  return { ...line, kind: kind as InvoiceLineKind };
}
