import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { pageRequest, serviceList } from '../../../paging.ts';
import { problem } from '../../../problems/problem.ts';
import { idParam, idParams, listOf, micros, noQuery, pageOnly, pageQuery } from '../../../schemas.ts';
import {
  billView,
  invoiceLineView,
  invoiceView,
  statementView,
  toBillView,
  toInvoiceLineView,
  toInvoiceView,
  toStatementView,
} from './document-views.ts';

const tags = ['billing'];
export const month = z
  .string()
  .regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/, 'is not a month')
  .meta({ description: 'Calendar month in Asia/Shanghai', example: '2026-02' });
const billQuery = z.strictObject({ ...pageQuery, month, resource_id: idParam.optional() });
const monthParams = z.strictObject({ month });
const invoiceQuery = z.strictObject({ ...pageQuery, kind: z.enum(['invoice', 'credit_note']).optional() });
const nothing = z.strictObject({}).nullish();
const total = z.object({ amount_micros: micros, written_off_micros: micros });

/** What was consumed and paid, as documents. */
export const documentRoutes: Routes = (app, deps) => {
  const { documents } = deps.services;

  app.get(
    '/v1/bills',
    {
      schema: {
        tags,
        summary: 'What each resource cost on each day of a month, with the running day',
        querystring: billQuery,
        response: { 200: listOf(billView).extend({ total: total.optional() }) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { month: wanted, resource_id: resourceId = '', cursor } = request.query;
      const wish = { month: wanted, resourceId, page: pageRequest(request.query) };
      const answer = await documents.listBills(wish, await reading(deps, request));
      const list = serviceList(answer.bills, answer.page, toBillView);
      if (cursor !== undefined) return list;
      const { totalMicros, totalWrittenOffMicros } = answer;
      return {
        ...list,
        total: { amount_micros: String(totalMicros), written_off_micros: String(totalWrittenOffMicros) },
      };
    },
  );

  app.get(
    '/v1/statements',
    {
      schema: {
        tags,
        summary: 'Statements of closed months, newest first',
        querystring: pageOnly,
        response: { 200: listOf(statementView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { statements, page } = await documents.listStatements(wish, await reading(deps, request));
      return serviceList(statements, page, toStatementView);
    },
  );

  app.get(
    '/v1/statements/:month',
    {
      schema: {
        tags,
        summary: 'The movements of one month; of the running one as far as it has come',
        params: monthParams,
        querystring: noQuery,
        response: { 200: statementView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { month: request.params.month };
      const { statement } = await documents.getStatement(wish, await reading(deps, request));
      if (statement === undefined) throw problem('statement_not_found');
      return toStatementView(statement);
    },
  );

  app.post(
    '/v1/invoices',
    {
      schema: {
        tags,
        summary: 'Invoice everything consumed that no document lists yet',
        body: nothing,
        querystring: noQuery,
        response: { 201: z.object({ data: z.array(invoiceView) }) },
      },
      config: { access: { scope: 'billing:write' }, audit: 'invoice.issue' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId };
      const { invoices } = await documents.issueInvoice(command, await commanding(deps, request));
      return reply.code(201).send({ data: invoices.map(toInvoiceView) });
    },
  );

  app.get(
    '/v1/invoices',
    {
      schema: {
        tags,
        summary: 'Invoices and credit notes, newest first',
        querystring: invoiceQuery,
        response: { 200: listOf(invoiceView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), kind: request.query.kind ?? '' };
      const { invoices, page } = await documents.listInvoices(wish, await reading(deps, request));
      return serviceList(invoices, page, toInvoiceView);
    },
  );

  app.get(
    '/v1/invoices/:id',
    {
      schema: { tags, summary: 'One document', params: idParams, querystring: noQuery, response: { 200: invoiceView } },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { invoice } = await documents.getInvoice({ invoiceId: request.params.id }, await reading(deps, request));
      if (invoice === undefined) throw problem('invoice_not_found');
      return toInvoiceView(invoice);
    },
  );

  app.get(
    '/v1/invoices/:id/lines',
    {
      schema: {
        tags,
        summary: 'Its lines, in order; each names what it can be recomputed from',
        params: idParams,
        querystring: pageOnly,
        response: { 200: listOf(invoiceLineView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { invoiceId: request.params.id, page: pageRequest(request.query) };
      const { lines, page } = await documents.listInvoiceLines(wish, await reading(deps, request));
      return serviceList(lines, page, toInvoiceLineView);
    },
  );
};
