import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Logger } from '@suanli/kernel';
import { type Received, readUpload, receiveBytes, type UploadProgress } from '../../app/blob/receive-bytes.ts';
import type { HubDeps } from '../../app/ports.ts';
import type { HubMetrics } from '../hub-metrics.ts';
import { problem } from './problem.ts';
import type { UrlSigner } from './signed-url.ts';

export type DataRouteOptions = {
  hub: Pick<HubDeps, 'work' | 'bytes' | 'clock'>;
  urls: Pick<UrlSigner, 'check'>;
  metrics: HubMetrics;
  logger: Logger;
};

type UploadRoute = { Params: { uploadId: string } };

/** `HEAD /uploads/{id}`: how far. `PATCH /uploads/{id}`: more bytes, at exactly `Upload-Offset`. */
export function uploadRoutes(app: FastifyInstance, { hub, urls, metrics, logger }: DataRouteOptions): void {
  app.head<UploadRoute>('/uploads/:uploadId', async (request, reply) => {
    const grant = urls.check('write', request.url);
    if (grant.kind !== 'ok') return problem(reply, `url_${grant.kind}`);
    const progress = await readUpload(hub, { accountId: grant.accountId, uploadId: request.params.uploadId });
    return progress ? withProgress(reply, progress).code(200).send() : problem(reply, 'upload_not_found');
  });

  app.patch<UploadRoute>('/uploads/:uploadId', async (request, reply) => {
    const grant = urls.check('write', request.url);
    if (grant.kind !== 'ok') return problem(reply, `url_${grant.kind}`);
    const fromByte = readOffset(request.headers['upload-offset']);
    if (fromByte === undefined) return problem(reply, 'invalid_offset');
    const { uploadId } = request.params;
    // A silent sender is given up, but while a large blob is hashed it is we who are silent.
    request.raw.once('end', () => request.raw.socket.setTimeout(0));
    try {
      const key = { accountId: grant.accountId, uploadId };
      const received = await receiveBytes(hub, key, fromByte, counted(request.raw, metrics));
      metrics.uploadEnded(received.kind);
      return answer(reply, received);
    } catch (error) {
      if (!request.raw.errored) throw error;
      // The sender is gone; what came is kept, and there is nobody to answer.
      metrics.uploadEnded('broken_off');
      logger.info({ uploadId, fromByte }, 'an upload broke off');
      return reply.hijack();
    }
  });
}

function answer(reply: FastifyReply, received: Received): FastifyReply {
  switch (received.kind) {
    case 'received':
      return withProgress(reply, received).code(204).send();
    case 'wrong_offset':
      return problem(withProgress(reply, received), 'upload_offset_mismatch');
    case 'too_long':
      return problem(reply, 'upload_too_long');
    case 'too_fragmented':
      return problem(reply, 'upload_too_fragmented');
    case 'hash_mismatch':
      return problem(reply.header('upload-offset', '0'), 'hash_mismatch');
    case 'upload_not_found':
      return problem(reply, 'upload_not_found');
  }
}

function withProgress(reply: FastifyReply, { offsetBytes, sizeBytes, isComplete }: UploadProgress): FastifyReply {
  return reply.headers({
    'upload-offset': String(offsetBytes),
    'upload-length': String(sizeBytes),
    'upload-complete': isComplete ? '?1' : '?0',
    'cache-control': 'no-store',
  });
}

function readOffset(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
}

async function* counted(source: AsyncIterable<Uint8Array>, metrics: HubMetrics): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    metrics.bytesReceived(bytes.length);
    yield bytes;
  }
}
