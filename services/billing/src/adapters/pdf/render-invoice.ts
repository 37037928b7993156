import { formatYuan, toRfc3339 } from '@suanli/kernel';
import PDFDocument from 'pdfkit';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SHANGHAI, dayOf } from '../../domain/calendar/calendar.ts';
import type { Invoice, InvoiceLine } from '../../domain/document/invoice.ts';
import { unpackWoff } from './unpack-woff.ts';

/** Noto Sans SC, SIL Open Font License (OFL.txt beside it); only the glyphs that a document uses go into it. */
const FONT_FILE = fileURLToPath(new URL('../../../assets/fonts/noto-sans-sc.woff', import.meta.url));
let font: Buffer | undefined;

/** Lines that a PDF takes; a longer document is read as JSON or CSV. */
export const MAX_PDF_LINES = 2_000;

const PAGE = { size: 'A4', margin: 42, bottom: 790 } as const;
const SIZES = { title: 18, text: 9, small: 7.5, row: 24 } as const;
type Column = { title: string; x: number; width: number; align?: 'left' | 'right' };
const COLUMNS: readonly [Column, Column, Column, Column] = [
  { title: '日期 Day', x: 42, width: 62 },
  { title: '项目 Item', x: 108, width: 250 },
  { title: '数量 Quantity', x: 362, width: 92, align: 'right' },
  { title: '金额 Amount', x: 458, width: 94, align: 'right' },
];

/**
 * A document as PDF, made of nothing but what is stored of it: its times are those of its issue, so it is the same bytes
 * each time.
 */
export async function renderInvoice(
  invoice: Invoice,
  lines: readonly InvoiceLine[],
  original?: Pick<Invoice, 'number'>,
): Promise<Buffer> {
  font ??= unpackWoff(readFileSync(FONT_FILE));
  const issuedAt = new Date(invoice.issuedAt);
  const document = new PDFDocument({
    size: PAGE.size,
    margin: PAGE.margin,
    info: { Title: invoice.number, Author: 'Suanli', Creator: 'Suanli', CreationDate: issuedAt, ModDate: issuedAt },
  });
  const finished = collected(document);
  document.registerFont('body', font).font('body');
  header(document, invoice, original);
  let y = tableHead(document, 190);
  for (const line of lines) {
    if (y + SIZES.row > PAGE.bottom) {
      document.addPage();
      y = tableHead(document, PAGE.margin);
    }
    y = row(document, line, y);
  }
  total(document, invoice, y + SIZES.row > PAGE.bottom ? newPage(document) : y);
  document.end();
  return finished;
}

function header(document: PDFKit.PDFDocument, invoice: Invoice, original: Pick<Invoice, 'number'> | undefined): void {
  const title = invoice.kind === 'invoice' ? '账单发票 Invoice' : '红字通知单 Credit note';
  document.fontSize(SIZES.title).text(title, PAGE.margin, 48);
  const facts = [
    `编号 Number: ${invoice.number}`,
    `账户 Account: ${invoice.accountId}`,
    `期间 Period: ${invoice.dayFrom} – ${invoice.dayTo}`,
    `开具 Issued: ${dayOf(invoice.issuedAt, SHANGHAI)} (${toRfc3339(invoice.issuedAt)})`,
    ...(original === undefined ? [] : [`原发票 Original: ${original.number}`]),
  ];
  document.fontSize(SIZES.text);
  facts.forEach((fact, i) => void document.text(fact, PAGE.margin, 82 + i * 16));
}

function tableHead(document: PDFKit.PDFDocument, y: number): number {
  document.fontSize(SIZES.text);
  for (const { title, x, width, align = 'left' } of COLUMNS) document.text(title, x, y, { width, align });
  document
    .moveTo(PAGE.margin, y + 16)
    .lineTo(552, y + 16)
    .lineWidth(0.5)
    .stroke();
  return y + 22;
}

function row(document: PDFKit.PDFDocument, line: InvoiceLine, y: number): number {
  const [day, item, quantity, amount] = COLUMNS;
  const late = line.isLate ? '（补记 late）' : '';
  const place = [line.region, line.resourceId, line.referenceId].filter((part) => part !== '').join(' · ');
  const cell = (text: string, { x, width, align = 'left' }: Column, at = y) =>
    document.text(text, x, at, { width, height: 11, align, ellipsis: true, lineBreak: false });
  document.fontSize(SIZES.text);
  cell(line.day, day);
  cell(`${line.title}${late}`, item);
  cell(line.kind === 'usage' ? String(line.quantity) : '', quantity);
  cell(formatYuan(line.amountMicros), amount);
  document.fontSize(SIZES.small).fillColor('#666');
  cell(place, item, y + 12);
  document.fillColor('#000');
  return y + SIZES.row;
}

function total(document: PDFKit.PDFDocument, invoice: Invoice, y: number): void {
  const [, item, , amount] = COLUMNS;
  document
    .moveTo(PAGE.margin, y + 2)
    .lineTo(552, y + 2)
    .stroke();
  document.fontSize(SIZES.text + 2);
  document.text(`合计 Total (${invoice.currency})`, item.x, y + 8, { width: item.width, lineBreak: false });
  document.text(formatYuan(invoice.totalMicros), amount.x - 60, y + 8, { width: amount.width + 60, align: 'right' });
}

function newPage(document: PDFKit.PDFDocument): number {
  document.addPage();
  return PAGE.margin;
}

function collected(document: PDFKit.PDFDocument): Promise<Buffer> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    document.on('data', (part: Buffer) => parts.push(part));
    document.on('end', () => resolve(Buffer.concat(parts)));
    document.on('error', reject);
  });
}
