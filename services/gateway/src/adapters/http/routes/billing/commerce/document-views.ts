import type { Bill, Invoice, InvoiceLine, Statement } from '@suanli/proto/suanli/billing/v1/document.ts';
import { z } from 'zod';
import { currency, instant, int64, micros, timeOf } from '../../../schemas.ts';

export const billView = z.object({
  bill_line_id: z.string(),
  day: z.string(),
  workspace_id: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }),
  meter: z.string(),
  region: z.string(),
  item: z.string(),
  quantity: int64,
  amount_micros: micros,
  written_off_micros: micros,
  currency,
  live: z.boolean(),
});
export const toBillView = (bill: Bill): z.infer<typeof billView> => ({
  bill_line_id: bill.billLineId,
  day: bill.day,
  workspace_id: bill.workspaceId,
  resource: { kind: bill.resourceKind, id: bill.resourceId },
  meter: bill.meter,
  region: bill.region,
  item: bill.item,
  quantity: String(bill.quantity),
  amount_micros: String(bill.amountMicros),
  written_off_micros: String(bill.writtenOffMicros),
  currency: bill.currency,
  live: bill.live,
});

export const statementView = z.object({
  id: z.string().optional(),
  month: z.string(),
  status: z.string(),
  opening_micros: micros,
  closing_micros: micros,
  movements: z.array(z.object({ kind: z.string(), in_micros: micros, out_micros: micros, count: z.number() })),
  currency,
  after_sequence: int64,
  to_sequence: int64,
  closed_at: instant.optional(),
});
export const toStatementView = (statement: Statement): z.infer<typeof statementView> => ({
  ...(statement.statementId !== '' && { id: statement.statementId }),
  month: statement.month,
  status: statement.status,
  opening_micros: String(statement.openingMicros),
  closing_micros: String(statement.closingMicros),
  movements: statement.movements.map(({ kind, inMicros, outMicros, count }) => ({
    kind,
    in_micros: String(inMicros),
    out_micros: String(outMicros),
    count,
  })),
  currency: statement.currency,
  after_sequence: String(statement.afterSequence),
  to_sequence: String(statement.toSequence),
  closed_at: timeOf(statement.closedAt),
});

export const invoiceView = z.object({
  id: z.string(),
  number: z.string(),
  kind: z.string(),
  original_invoice_id: z.string().optional(),
  day_from: z.string(),
  day_to: z.string(),
  line_count: z.number(),
  total_micros: micros,
  currency,
  issued_at: instant.optional(),
});
export const toInvoiceView = (invoice: Invoice): z.infer<typeof invoiceView> => ({
  id: invoice.invoiceId,
  number: invoice.number,
  kind: invoice.kind,
  ...(invoice.originalInvoiceId !== '' && { original_invoice_id: invoice.originalInvoiceId }),
  day_from: invoice.dayFrom,
  day_to: invoice.dayTo,
  line_count: invoice.lineCount,
  total_micros: String(invoice.totalMicros),
  currency: invoice.currency,
  issued_at: timeOf(invoice.issuedAt),
});

export const invoiceLineView = z.object({
  position: z.number(),
  kind: z.string(),
  reference_id: z.string().meta({ description: 'A bill line (see its provenance), an order, a refund, a credit' }),
  day: z.string(),
  title: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }),
  meter: z.string(),
  region: z.string(),
  item: z.string(),
  quantity: int64,
  amount_micros: micros,
  late: z.boolean(),
});
export const toInvoiceLineView = (line: InvoiceLine): z.infer<typeof invoiceLineView> => {
  const { position, kind, day, title, meter, region, item, late } = line;
  return {
    ...{ position, kind, day, title, meter, region, item, late },
    reference_id: line.referenceId,
    resource: { kind: line.resourceKind, id: line.resourceId },
    quantity: String(line.quantity),
    amount_micros: String(line.amountMicros),
  };
};
