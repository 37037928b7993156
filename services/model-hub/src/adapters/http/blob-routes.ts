import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ByteRange } from '../../app/blob/blob-store.ts';
import { isSha256 } from '../../domain/repository/revision.ts';
import { problem } from './problem.ts';
import { namesTag, readRange } from './range.ts';
import type { DataRouteOptions } from './upload-routes.ts';

type BlobRoute = { Params: { sha256: string } };

/** `GET` and `HEAD /blobs/{sha256}`: bytes that never change under their name. Needs no database. */
export function blobRoutes(app: FastifyInstance, { hub, urls, metrics, logger }: DataRouteOptions): void {
  app.route<BlobRoute>({
    method: ['GET', 'HEAD'],
    url: '/blobs/:sha256',
    handler: async (request, reply) => {
      const grant = urls.check('read', request.url);
      if (grant.kind !== 'ok') return problem(reply, `url_${grant.kind}`);
      const { sha256 } = request.params;
      const { accountId, filename } = grant;
      const sizeBytes = isSha256(sha256) ? await hub.bytes.sizeOf(accountId, sha256) : undefined;
      if (sizeBytes === undefined) return problem(reply, 'blob_not_found');

      const etag = `"${sha256}"`;
      reply.headers({
        etag,
        'accept-ranges': 'bytes',
        'cache-control': 'private, max-age=31536000, immutable',
        'content-disposition': dispositionOf(filename),
        'x-content-type-options': 'nosniff',
      });
      if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();

      const asked = readRange(rangeHeader(request, etag), sizeBytes);
      if (asked.kind === 'unsatisfiable') {
        return problem(reply.header('content-range', `bytes */${sizeBytes}`), 'range_not_satisfiable');
      }
      const range = asked.kind === 'part' ? asked.range : { fromByte: 0, toByte: sizeBytes };
      if (asked.kind === 'part') {
        reply.code(206).header('content-range', `bytes ${range.fromByte}-${range.toByte - 1}/${sizeBytes}`);
      }
      reply.type('application/octet-stream').header('content-length', range.toByte - range.fromByte);
      return request.method === 'HEAD' ? reply.send() : send(reply, sha256, range, accountId);
    },
  });

  async function send(reply: FastifyReply, sha256: string, range: ByteRange, accountId: string): Promise<FastifyReply> {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string | number>);
    try {
      await pipeline(Readable.from(hub.bytes.read(accountId, sha256, range)), raw);
      metrics.bytesSent(range.toByte - range.fromByte);
    } catch (error) {
      // The status is out already: a broken connection is all that can still tell the reader.
      logger.info({ sha256, error: String(error) }, 'a download broke off');
      raw.destroy();
    }
    return reply;
  }
}

/** A range under `If-Range` counts only while the bytes are still those that the reader has seen. */
function rangeHeader({ headers }: FastifyRequest<BlobRoute>, etag: string): string | undefined {
  const condition = headers['if-range'];
  return condition === undefined || condition === etag ? headers.range : undefined;
}

function dispositionOf(filename: string | undefined): string {
  if (filename === undefined) return 'attachment';
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}
