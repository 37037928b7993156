import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { reading, streaming } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { idParams, noQuery } from '../../../schemas.ts';
import { month } from './documents.ts';

const tags = ['billing'];
const monthQuery = z.strictObject({ month });
const CSV = 'text/csv; charset=utf-8; header=present';

/** Documents as files: a piece is sent on as it comes, nothing is kept whole. */
export const downloadRoutes: Routes = (app, deps) => {
  const { documents } = deps.services;

  app.get(
    '/v1/invoices/:id/pdf',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'An invoice or credit note as PDF, the same bytes each time',
        params: idParams,
        querystring: noQuery,
        produces: ['application/pdf'],
      },
      config: { access: { scope: 'billing:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const { id: invoiceId } = request.params;
      const { invoice } = await documents.getInvoice({ invoiceId }, await reading(deps, request));
      const pieces = documents.downloadInvoicePdf({ invoiceId }, await streaming(deps, request, request.left));
      return sendFile(reply, 'application/pdf', `${invoice?.number ?? invoiceId}.pdf`, pieces);
    },
  );

  app.get(
    '/v1/exports/bills',
    {
      exposeHeadRoute: false,
      schema: { tags, summary: 'The bills of a month as CSV', querystring: monthQuery, produces: ['text/csv'] },
      config: { access: { scope: 'billing:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const pieces = documents.exportBills(request.query, await streaming(deps, request, request.left));
      return sendFile(reply, CSV, `bills-${request.query.month}.csv`, pieces);
    },
  );

  app.get(
    '/v1/exports/ledger',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'The movements of a month as CSV, newest first',
        querystring: monthQuery,
        produces: ['text/csv'],
      },
      config: { access: { scope: 'billing:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const pieces = documents.exportLedger(request.query, await streaming(deps, request, request.left));
      return sendFile(reply, CSV, `ledger-${request.query.month}.csv`, pieces);
    },
  );
};

/** The first piece is awaited, so that a refusal is a problem and not a broken file. */
async function sendFile(
  reply: FastifyReply,
  type: string,
  name: string,
  pieces: AsyncIterable<{ data: Uint8Array }>,
): Promise<FastifyReply> {
  const reader = pieces[Symbol.asyncIterator]();
  const first = await reader.next();
  async function* all() {
    try {
      for (let piece = first; piece.done !== true; piece = await reader.next()) yield piece.value.data;
    } finally {
      await reader.return?.();
    }
  }
  reply.type(type).header('content-disposition', `attachment; filename="${name}"`);
  reply.header('cache-control', 'private, no-store');
  return reply.send(Readable.from(all()));
}
