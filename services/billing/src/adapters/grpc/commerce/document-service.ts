import {
  grpcError,
  invalidArgument,
  publicHandler,
  refuse,
  serverStream,
  type TokenVerifier,
  unary,
} from '@suanli/grpc-kit';
import { DocumentServiceService, type DocumentServiceServer } from '@suanli/proto/suanli/billing/v1/document.ts';
import { getStatement } from '../../../app/documents/get-statement.ts';
import { issueDocuments } from '../../../app/documents/issue-documents.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { dayOf, type Month, parseMonth } from '../../../domain/calendar/calendar.ts';
import { pageInfo, readPage, isWholeNumber } from '../page.ts';
import { requireRequestId } from '../require.ts';
import {
  documentTooLong,
  invoiceNotFound,
  nothingToInvoice,
  requestIdReused,
  statementNotFound,
} from './commerce-refusals.ts';
import { billMessage, invoiceLineMessage, invoiceMessage, statementMessage } from './document-messages.ts';
import { exportBills, exportLedger } from './export-csv.ts';
import { invoicePdf, MAX_PDF_LINES } from './invoice-pdf.ts';
import { requireOneOf } from './plan-service.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
const KINDS = ['', 'invoice', 'credit_note'];
/** A piece of a file: far below the largest message. */
const CHUNK_BYTES = 64 * 1024;
const DAY_AND_LINE = /^\d{4}-\d{2}-\d{2}\/[\w]+$/;

/** What was consumed and paid, as documents. */
export function documentService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const implementation: DocumentServiceServer = {
    listBills: unary(read, async (ctx, { page: asked, resourceId, ...request }) => {
      const query = { month: requireMonth(request.month), resourceId, today: dayOf(deps.clock.now()) };
      const wanted = readPage('bills', asked, (key) => DAY_AND_LINE.test(key));
      const page = await deps.reads.bills(ctx.tenant, query, wanted);
      const total = wanted.after === undefined ? await deps.reads.billTotal(ctx.tenant, query) : undefined;
      return {
        bills: page.rows.map(billMessage),
        page: pageInfo('bills', page),
        totalMicros: total?.amountMicros ?? 0n,
        totalWrittenOffMicros: total?.writtenOffMicros ?? 0n,
      };
    }),
    getStatement: unary(read, async (ctx, { month }) => {
      const statement = await getStatement(deps, ctx.tenant.accountId, requireMonth(month));
      return statement === undefined ? refuse(statementNotFound) : { statement: statementMessage(statement) };
    }),
    listStatements: unary(read, async (ctx, { page: asked }) => {
      const wanted = readPage('statements', asked, (key) => parseMonth(key) !== undefined);
      const page = await deps.reads.statements(ctx.tenant.accountId, wanted);
      return { statements: page.rows.map(statementMessage), page: pageInfo('statements', page) };
    }),
    listInvoices: unary(read, async (ctx, { page: asked, kind }) => {
      requireOneOf('INVOICE_KIND_UNKNOWN', KINDS, kind);
      const page = await deps.reads.invoices(ctx.tenant.accountId, readPage('invoices', asked), kind);
      return { invoices: page.rows.map(invoiceMessage), page: pageInfo('invoices', page) };
    }),
    getInvoice: unary(read, async (ctx, { invoiceId }) => {
      const invoice = await deps.reads.invoice(ctx.tenant.accountId, invoiceId);
      return invoice === undefined ? refuse(invoiceNotFound) : { invoice: invoiceMessage(invoice) };
    }),
    listInvoiceLines: unary(read, async (ctx, { invoiceId, page: asked }) => {
      const wanted = readPage('positions', asked, isWholeNumber);
      const invoice = await deps.reads.invoice(ctx.tenant.accountId, invoiceId);
      if (invoice === undefined) return refuse(invoiceNotFound);
      const page = await deps.reads.invoiceLines(invoice.id, wanted);
      return { lines: page.rows.map(invoiceLineMessage), page: pageInfo('positions', page) };
    }),
    issueInvoice: unary(write, async (ctx, request) => {
      const requestId = requireRequestId(request.requestId);
      const result = await issueDocuments(deps, { requestId, accountId: ctx.tenant.accountId });
      if (result.kind === 'issued') return { invoices: result.documents.map(invoiceMessage) };
      return refuse(result.refusal.reason === 'nothing_to_invoice' ? nothingToInvoice : requestIdReused);
    }),
    downloadInvoicePdf: serverStream(read, async function* (ctx, { invoiceId }) {
      const invoice = await deps.reads.invoice(ctx.tenant.accountId, invoiceId);
      if (invoice === undefined) throw grpcError(invoiceNotFound);
      if (invoice.lineCount > MAX_PDF_LINES) throw grpcError(documentTooLong);
      const pdf = await invoicePdf(deps, invoice);
      for (let from = 0; from < pdf.length; from += CHUNK_BYTES) {
        yield { data: pdf.subarray(from, from + CHUNK_BYTES) };
      }
    }),
    exportBills: serverStream(read, async function* (ctx, { month }) {
      for await (const text of exportBills(deps, ctx.tenant, requireMonth(month))) yield { data: Buffer.from(text) };
    }),
    exportLedger: serverStream(read, async function* (ctx, { month }) {
      const wanted = requireMonth(month);
      for await (const text of exportLedger(deps, ctx.tenant.accountId, wanted)) yield { data: Buffer.from(text) };
    }),
  };
  return { definition: DocumentServiceService, implementation };
}

function requireMonth(text: string): Month {
  const month = parseMonth(text);
  if (month !== undefined) return month;
  throw grpcError(invalidArgument('MONTH_INVALID', 'month must be one of the calendar, for example 2026-02'));
}
