import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Invoice, InvoiceLine } from '../../domain/document/invoice.ts';
import { renderInvoice } from './render-invoice.ts';

const invoice: Invoice = {
  id: 'inv_1',
  number: 'SL-2026-000001',
  kind: 'invoice',
  accountId: 'acc_01k9xw3m5z',
  dayFrom: '2026-02-01',
  dayTo: '2026-02-28',
  lineCount: 2,
  totalMicros: 31_000_770n,
  currency: 'CNY',
  issuedAt: Date.UTC(2026, 2, 1),
};
const line: InvoiceLine = {
  kind: 'usage',
  referenceId: 'bil_1',
  day: '2026-02-28',
  title: '训练任务 · gpu.a100-80g',
  resourceKind: 'job',
  resourceId: 'job_1',
  meter: 'gpu_time',
  region: 'cn-shanghai',
  item: 'gpu.a100-80g',
  quantity: 330n,
  amountMicros: 770n,
  isLate: true,
};

describe('an invoice as PDF', () => {
  it('is the same bytes each time', async () => {
    const [one, two] = [await renderInvoice(invoice, [line]), await renderInvoice(invoice, [line])];
    expect(one.subarray(0, 5).toString()).toBe('%PDF-');
    expect(one.equals(two)).toBe(true);
    if (process.env['KEEP_PDF']) writeFileSync(process.env['KEEP_PDF'], one);
  });

  it('has only the glyphs that it uses, so that it stays small with a Chinese font', async () => {
    expect((await renderInvoice(invoice, [line])).length).toBeLessThan(60_000);
  });

  it('goes on over as many pages as its lines need', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => ({ ...line, quantity: BigInt(i) }));
    const pages = (await renderInvoice(invoice, lines)).toString('latin1').match(/\/Type \/Page\b/g)?.length;
    expect(pages).toBe(4);
  });
});
