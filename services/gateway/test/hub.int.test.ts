import { createHash, randomBytes } from 'node:crypto';
import { notFound, refuse } from '@suanli/grpc-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeDataPort, fakeDataPort } from './support/fake-data-port.ts';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let data: FakeDataPort;
let acme: Tenant;
const documents: string[] = [];

beforeAll(async () => {
  data = await fakeDataPort();
  lab = await gatewayLab({
    answers: {
      repositories: {
        grantUpload: async (_ctx, { repositoryId, sha256 }: { repositoryId: string; sha256: string }) => {
          if (repositoryId !== 'rep_1') return refuse(notFound('REPOSITORY_NOT_FOUND', 'no such repository'));
          const isComplete = data.blobs.has(sha256);
          const offsetBytes = BigInt(data.uploads.get(sha256)?.length ?? 0);
          return { isComplete, uploadId: 'hub-upload', url: `${data.url}/uploads/${sha256}`, offsetBytes };
        },
        grantDownload: async (_ctx, { path }: { path: string }) => ({
          ...{ sha256: '', sizeBytes: 0n, revision: 'main' },
          url: `${data.url}/blobs/${path.split('/').at(-1)}`,
        }),
      },
      corpora: {
        putDocument: async (_ctx, { name, text }: { name: string; text: string }) => {
          documents.push(text);
          return {
            document: {
              documentId: 'doc_1',
              name,
              sha256: '',
              sizeBytes: BigInt(Buffer.byteLength(text)),
              chunkCount: 1,
            },
          };
        },
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

type Upload = { upload_id: string; url: string; is_complete: boolean; offset_bytes: string };
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const announce = async (bytes: Uint8Array) => {
  const answer = await acme.rest.post('/v1/repositories/rep_1/uploads', {
    sha256: sha256Of(bytes),
    size_bytes: bytes.length,
  });
  return answer.body as Upload;
};
const append = (url: string, offset: number, bytes: Uint8Array) =>
  acme.rest.raw(url, {
    method: 'PATCH',
    headers: { 'upload-offset': String(offset), 'content-type': 'application/json' },
    body: Buffer.from(bytes),
  });

describe('an upload', () => {
  it('goes through whole, far beyond the limit of bodies, whatever it says it is', async () => {
    const bytes = randomBytes(24 * 1024 * 1024);
    const upload = await announce(bytes);
    expect(upload).toMatchObject({
      is_complete: false,
      offset_bytes: '0',
      url: `/v1/repositories/rep_1/uploads/${upload.upload_id}`,
    });
    const sent = await append(upload.url, 0, bytes);
    expect([sent.status, sent.headers.get('upload-offset')]).toEqual([204, String(bytes.length)]);
    expect(data.blobs.get(sha256Of(bytes))?.equals(bytes)).toBe(true);
    expect(await announce(bytes)).toMatchObject({ is_complete: true });
  });

  it('goes on from where it was', async () => {
    const bytes = randomBytes(100_000);
    const { url } = await announce(bytes);
    expect((await append(url, 0, bytes.subarray(0, 40_000))).status).toBe(204);
    const head = await acme.rest.raw(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([
      200,
      '40000',
      '100000',
    ]);
    const wrong = await append(url, 0, bytes);
    expect([wrong.status, wrong.headers.get('upload-offset'), await wrong.json()]).toMatchObject([
      409,
      '40000',
      { code: 'upload_offset_mismatch' },
    ]);
    const tooMuch = await append(url, 40_000, bytes);
    expect([tooMuch.status, await tooMuch.json()]).toMatchObject([413, { code: 'upload_too_long' }]);
    expect((await append(url, 40_000, bytes.subarray(40_000))).status).toBe(204);
    expect(data.blobs.has(sha256Of(bytes))).toBe(true);
  });

  it('that is not what was announced is told so in our own words', async () => {
    const bytes = Buffer.from('this is corrupt');
    const upload = await announce(Buffer.from('this is something'));
    const sent = await append(upload.url, 0, bytes);
    expect([sent.status, await sent.json()]).toMatchObject([422, { code: 'hash_mismatch', instance: upload.url }]);
  });

  it('of another tenant’s repository is not found', async () => {
    const wish = { sha256: 'a'.repeat(64), size_bytes: '5' };
    const answer = await acme.rest.post('/v1/repositories/rep_other/uploads', wish);
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'repository_not_found' }]);
  });
});

describe('a download', () => {
  const bytes = randomBytes(3_000_000);
  const path = `/v1/repositories/rep_1/files/deep/er/${sha256Of(bytes)}`;
  beforeAll(() => void data.blobs.set(sha256Of(bytes), bytes));

  it('is the file, with its size and its SHA-256 as ETag', async () => {
    const answer = await acme.rest.raw(path);
    expect([answer.status, answer.headers.get('content-length'), answer.headers.get('etag')]).toEqual([
      200,
      String(bytes.length),
      `"${sha256Of(bytes)}"`,
    ]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('is a part when a part is asked for, and says when there is no such part', async () => {
    const part = await acme.rest.raw(path, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    const none = await acme.rest.raw(path, { headers: { range: 'bytes=9999999-' } });
    expect([none.status, none.headers.get('content-range'), await none.json()]).toMatchObject([
      416,
      `bytes */${bytes.length}`,
      { code: 'range_not_satisfiable' },
    ]);
  });

  it('is not sent again to who has it, and can be asked for by HEAD', async () => {
    const kept = await acme.rest.raw(path, { headers: { 'if-none-match': `"${sha256Of(bytes)}"` } });
    expect(kept.status).toBe(304);
    const head = await acme.rest.raw(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  });

  it('of what is not there is a problem', async () => {
    const answer = await acme.rest.get('/v1/repositories/rep_1/files/none');
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'file_not_found' }]);
  });
});

describe('a document', () => {
  it('arrives letter by letter, and only as text', async () => {
    const text = 'Übung macht den Meister. 熟能生巧。\n';
    const put = await acme.rest.put('/v1/corpora/cor_1/documents/a.txt', text);
    expect([put.status, documents.at(-1)]).toEqual([200, text]);
    expect(put.body).toMatchObject({ id: 'doc_1', name: 'a.txt', size_bytes: String(Buffer.byteLength(text)) });
    const bad = await acme.rest.raw('/v1/corpora/cor_1/documents/a.txt', {
      method: 'PUT',
      headers: { 'content-type': 'text/plain' },
      body: Buffer.from([0x61, 0xff, 0xfe]),
    });
    expect([bad.status, await bad.json()]).toMatchObject([422, { code: 'invalid_document' }]);
  });
});
