import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { MAX_DOCUMENT_BYTES } from '../../limits.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { idOrName, idParam, listOf, noQuery, pageOnly } from '../../schemas.ts';
import { present } from '../present.ts';
import { documentView, toDocumentView } from './views.ts';

const tags = ['hub'];
const corpusParams = z.strictObject({ id: idOrName });
const nameParams = z.strictObject({ id: idOrName, name: z.string().min(1).max(256) });
const documentParams = z.strictObject({ id: idOrName, document_id: idParam });

export const documentRoutes: Routes = async (app, deps) => {
  const { corpora } = deps.services;

  // A scope of its own, because here a body is text.
  await app.register((scope, _options, done) => {
    scope.addContentTypeParser(/^text\//, { parseAs: 'buffer' }, (_request, body: Buffer, next) =>
      isUtf8(body) ? next(null, body.toString('utf8')) : next(problem('invalid_document', 'The text is not UTF-8')),
    );
    scope.put(
      '/v1/corpora/:id/documents/:name',
      {
        bodyLimit: MAX_DOCUMENT_BYTES,
        schema: {
          tags,
          summary: 'Add a text, or replace the one of that name',
          consumes: ['text/plain'],
          params: nameParams,
          querystring: noQuery,
          body: z.string().min(1),
          response: { 200: documentView },
        },
        config: { access: { scope: 'hub:write' }, audit: 'document.put' },
      },
      async (request) => {
        const params = nameParams.parse(request.params);
        const text = z.string().parse(request.body);
        const command = { requestId: request.commandId, corpusId: params.id, name: params.name, text };
        const { document } = await corpora.putDocument(command, await commanding(deps, request));
        return toDocumentView(present(document));
      },
    );
    done();
  });

  app.get(
    '/v1/corpora/:id/documents',
    {
      schema: {
        tags,
        summary: 'Documents of a corpus',
        params: corpusParams,
        querystring: pageOnly,
        response: { 200: listOf(documentView) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = { corpusId: request.params.id, page: pageRequest(request.query) };
      const { documents, page } = await corpora.listDocuments(wish, await reading(deps, request));
      return serviceList(documents, page, toDocumentView);
    },
  );

  app.delete(
    '/v1/corpora/:id/documents/:document_id',
    {
      schema: {
        tags,
        summary: 'Delete a document',
        params: documentParams,
        querystring: noQuery,
        response: { 204: z.null() },
      },
      config: { access: { scope: 'hub:write' }, audit: 'document.delete' },
    },
    async (request, reply) => {
      const { id: corpusId, document_id: documentId } = request.params;
      await corpora.deleteDocument({ corpusId, documentId }, await commanding(deps, request));
      return reply.code(204).send(null);
    },
  );
};
