import type { BillingDeps } from '../../../app/ports.ts';
import type { Invoice, InvoiceLine } from '../../../domain/document/invoice.ts';
import { MAX_PDF_LINES, renderInvoice } from '../../pdf/render-invoice.ts';

export { MAX_PDF_LINES };
const LINES_PER_READ = 1_000;

/** The PDF of a document, from what is stored of it alone. */
export async function invoicePdf(deps: BillingDeps, invoice: Invoice): Promise<Buffer> {
  const lines: InvoiceLine[] = [];
  for (let after: string | undefined, hasMore = true; hasMore; ) {
    const page = { limit: LINES_PER_READ, ...(after !== undefined && { after }) };
    const read = await deps.reads.invoiceLines(invoice.id, page);
    lines.push(...read.rows);
    hasMore = read.hasMore;
    after = read.nextKey;
  }
  const { originalId, accountId } = invoice;
  const original = originalId === undefined ? undefined : await deps.reads.invoice(accountId, originalId);
  return renderInvoice(invoice, lines, original);
}
