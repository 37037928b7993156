import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FakeDataPort = AsyncDisposable & {
  url: string;
  /** What has arrived of each upload, by its id. */
  uploads: Map<string, Buffer>;
  /** Whole blobs, by their SHA-256. */
  blobs: Map<string, Buffer>;
};

/** The hub's data port in a few lines: appends at an offset, serves ranges. */
export async function fakeDataPort(): Promise<FakeDataPort> {
  const uploads = new Map<string, Buffer>();
  const blobs = new Map<string, Buffer>();

  async function append(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
    const before = uploads.get(id) ?? Buffer.alloc(0);
    const parts: Buffer[] = [before];
    for await (const part of request) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    if (id === createHash('sha256').update(bytes).digest('hex')) blobs.set(id, bytes);
    else if (bytes.includes('corrupt')) return refuse(response, 422, 'hash_mismatch');
    uploads.set(id, bytes);
    response.writeHead(204, { 'upload-offset': bytes.length }).end();
  }

  function serve(request: IncomingMessage, response: ServerResponse, id: string): void {
    const bytes = blobs.get(id);
    if (bytes === undefined) return refuse(response, 404, 'blob_not_found');
    const headers = { etag: `"${id}"`, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' };
    if (request.headers['if-none-match'] === headers.etag) return void response.writeHead(304, headers).end();
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined)
      return void response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
    if (Number(from) >= bytes.length)
      return refuse(response, 416, 'range_not_satisfiable', { 'content-range': `bytes */${bytes.length}` });
    const part = bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...headers, 'content-length': part.length, 'content-range': range }).end(part);
  }

  const server = createServer((request, response) => {
    const id = request.url?.split('/').at(-1) ?? '';
    if (request.method === 'PATCH') append(request, response, id).catch(() => response.destroy());
    else serve(request, response, id);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    blobs,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    .end(JSON.stringify({ status, code }));
}
