import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import type { HttpDeps } from '../../http-deps.ts';
import { problem } from '../../problems/problem.ts';
import { idOrName, instant, int64, noQuery, sha256Hex, sizeIn, timeOf } from '../../schemas.ts';
import { sendToDataPort } from './data-port.ts';
import { readUploadId, writeUploadId } from './upload-id.ts';

const tags = ['hub'];
const repositoryParams = z.strictObject({ id: idOrName });
const uploadParams = z.strictObject({ id: idOrName, upload_id: z.string().min(1).max(128) });
const announceBody = z.strictObject({ sha256: sha256Hex, size_bytes: sizeIn });
const uploadView = z.object({
  upload_id: z.string(),
  is_complete: z.boolean().meta({ description: 'The blob is there already: nothing is to be sent' }),
  offset_bytes: int64,
  size_bytes: int64,
  url: z.string().meta({ description: 'Path here for HEAD and PATCH' }),
  expires_at: instant.optional(),
});

type Asked = { repositoryId: string; uploadId: string };

/** Blobs on their way in: announced, then sent in as many pieces as it takes. */
export const uploadRoutes: Routes = async (app, deps) => {
  app.post(
    '/v1/repositories/:id/uploads',
    {
      schema: {
        tags,
        summary: 'Announce a blob, or find out how far its upload is',
        params: repositoryParams,
        body: announceBody,
        querystring: noQuery,
        response: { 200: uploadView },
      },
      config: { access: { scope: 'hub:write' }, audit: 'upload.announce' },
    },
    async (request) => {
      const of = { sha256: request.body.sha256, sizeBytes: request.body.size_bytes };
      const wish = { repositoryId: request.params.id, ...of };
      const grant = await deps.services.repositories.grantUpload(wish, await commanding(deps, request));
      const uploadId = writeUploadId(of);
      return {
        upload_id: uploadId,
        is_complete: grant.isComplete,
        offset_bytes: String(grant.offsetBytes),
        size_bytes: String(of.sizeBytes),
        url: `/v1/repositories/${encodeURIComponent(request.params.id)}/uploads/${uploadId}`,
        expires_at: timeOf(grant.expiresAt),
      };
    },
  );

  // A scope of its own: here bodies are passed on as they come, whatever they call themselves and however long they are.
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, next) => next(null, payload));
    const url = '/v1/repositories/:id/uploads/:upload_id';

    scope.head(
      url,
      {
        schema: { tags, summary: 'How far an upload is: `Upload-Offset`', params: uploadParams, querystring: noQuery },
        config: { access: { scope: 'hub:write' } },
      },
      async (request, reply) => {
        const params = uploadParams.parse(request.params);
        const upload = await findUpload(deps, request, { repositoryId: params.id, uploadId: params.upload_id });
        return progress(reply, upload.offsetBytes, upload).code(200).send();
      },
    );

    scope.patch(
      url,
      {
        schema: {
          tags,
          summary: 'Append bytes at `Upload-Offset`',
          consumes: ['application/octet-stream'],
          params: uploadParams,
          querystring: noQuery,
        },
        // The announcement and the commit are in the audit log; the pieces in between change nothing that can be seen.
        config: { access: { scope: 'hub:write' }, audit: false, isStreaming: true },
      },
      async (request, reply) => {
        const params = uploadParams.parse(request.params);
        const upload = await findUpload(deps, request, { repositoryId: params.id, uploadId: params.upload_id });
        // Before a byte is passed on: a sender that goes on at the wrong place hears so without sending it all.
        checkPiece(request, upload);
        if (upload.isComplete) return progress(reply, upload.sizeBytes, upload).code(204).send();
        return sendToDataPort(request, reply, upload.url);
      },
    );
    done();
  });
};

type FoundUpload = { isComplete: boolean; url: string; offsetBytes: bigint; sizeBytes: bigint };

async function findUpload(deps: HttpDeps, request: FastifyRequest, asked: Asked): Promise<FoundUpload> {
  const of = readUploadId(asked.uploadId);
  if (of === undefined) throw problem('upload_not_found');
  const wish = { repositoryId: asked.repositoryId, ...of };
  const { isComplete, url, offsetBytes } = await deps.services.repositories.grantUpload(
    wish,
    await reading(deps, request),
  );
  return { isComplete, url, offsetBytes, sizeBytes: of.sizeBytes };
}

function checkPiece(request: FastifyRequest, { offsetBytes, sizeBytes }: FoundUpload): void {
  const header = request.headers['upload-offset'];
  if (typeof header !== 'string' || !/^[0-9]{1,15}$/.test(header)) throw problem('invalid_upload_offset');
  const headers = { 'upload-offset': String(offsetBytes), connection: 'close' };
  if (BigInt(header) !== offsetBytes) throw problem('upload_offset_mismatch', undefined, { headers });
  const length = BigInt(request.headers['content-length'] ?? '0');
  if (offsetBytes + length > sizeBytes) throw problem('upload_too_long', undefined, { headers });
}

function progress(reply: FastifyReply, offset: bigint, { sizeBytes }: FoundUpload): FastifyReply {
  return reply.headers({
    'upload-offset': String(offset),
    'upload-length': String(sizeBytes),
    'upload-complete': offset === sizeBytes ? '?1' : '?0',
    'cache-control': 'no-store',
  });
}
