import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelHub } from '../src/service.ts';
import { sha256Of } from '../src/testing/build.ts';
import { connect, startHub, startSurroundings, type Surroundings } from './harness.ts';
import { offsetOf, startPatch, uploadAll } from './transfer.ts';

const KIB = 1024;

/** Bytes in and out, over real sockets and a real disk. */
describe('data port', () => {
  let around: Surroundings;
  let hub: ModelHub;
  let clients: Awaited<ReturnType<typeof connect>>;
  let as: { token: string };
  let repositoryId: string;

  beforeAll(async () => {
    around = await startSurroundings();
    hub = await startHub(around, { MAX_BLOB_BYTES: String(8 * KIB * KIB) });
    clients = await connect(around, hub);
    as = await clients.as();
    const made = await clients.repositories.createRepository({ requestId: '', kind: 'dataset', name: 'bytes' }, as);
    repositoryId = made.repository?.repositoryId ?? '';
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await around[Symbol.asyncDispose]();
  });

  const grantFor = async (bytes: Uint8Array, credentials = as, repository = repositoryId) => {
    const blob = { sha256: sha256Of(bytes), sizeBytes: BigInt(bytes.length) };
    const grant = await clients.repositories.grantUpload({ repositoryId: repository, ...blob }, credentials);
    return { ...grant, url: grant.url && clients.at(grant.url), blob };
  };
  const downloadUrl = async (bytes: Uint8Array, path: string) => {
    const { blob, url, isComplete } = await grantFor(bytes);
    if (!isComplete) await uploadAll(url, bytes);
    const files = [{ path, ...blob }];
    const commit = { requestId: '', repositoryId, message: '', files, deletedPaths: [], expectedParent: '' };
    await clients.repositories.createCommit(commit, as);
    return clients.at((await clients.repositories.grantDownload({ repositoryId, revision: 'main', path }, as)).url);
  };

  it('an upload goes on where a broken connection left it', async () => {
    const bytes = randomBytes(300 * KIB);
    const { url } = await grantFor(bytes);
    const patch = startPatch(url, 0, bytes.length);
    patch.write(bytes.subarray(0, 100 * KIB));
    await eventually(async () => (await offsetOf(url)) === 100 * KIB);
    patch.destroy();
    const again = await grantFor(bytes);
    expect(again.offsetBytes).toBe(BigInt(100 * KIB));
    const response = await uploadAll(again.url, bytes.subarray(100 * KIB), 100 * KIB);
    expect(response.status).toBe(204);
    expect(response.headers.get('upload-complete')).toBe('?1');
    expect((await grantFor(bytes)).isComplete).toBe(true);
  });

  it('another offset than the one reached is 409 with the right one', async () => {
    const bytes = randomBytes(10 * KIB);
    const { url } = await grantFor(bytes);
    await uploadAll(url, bytes.subarray(0, 4 * KIB));
    for (const wrong of [0, 4 * KIB - 1, 5 * KIB]) {
      const response = await uploadAll(url, bytes.subarray(wrong), wrong);
      expect([response.status, response.headers.get('upload-offset')]).toEqual([409, String(4 * KIB)]);
      expect(await response.json()).toMatchObject({ code: 'upload_offset_mismatch' });
    }
  });

  it('bytes of another hash are refused, never visible, and the upload begins again', async () => {
    const bytes = randomBytes(10 * KIB);
    const { url, blob } = await grantFor(bytes);
    const forged = await uploadAll(url, randomBytes(10 * KIB));
    expect([forged.status, await forged.json()]).toEqual([422, expect.objectContaining({ code: 'hash_mismatch' })]);
    expect(await offsetOf(url)).toBe(0);
    const files = [{ path: 'forged', ...blob }];
    const commit = { requestId: '', repositoryId, message: '', files, deletedPaths: [], expectedParent: '' };
    await expect(clients.repositories.createCommit(commit, as)).rejects.toThrow('not uploaded');
    expect((await uploadAll(url, bytes)).status).toBe(204);
  });

  it('more bytes than announced are refused, and a blob beyond the bound is not even begun', async () => {
    const bytes = randomBytes(KIB);
    const { url } = await grantFor(bytes);
    expect((await uploadAll(url, Buffer.concat([bytes, bytes]))).status).toBe(413);
    const huge = { repositoryId, sha256: 'a'.repeat(64), sizeBytes: BigInt(9 * KIB * KIB) };
    await expect(clients.repositories.grantUpload(huge, as)).rejects.toThrow('size_bytes');
  });

  it('many who upload the same blob at once all succeed, and the blob is right', async () => {
    const bytes = randomBytes(512 * KIB);
    const send = async () => {
      const { url, isComplete, offsetBytes } = await grantFor(bytes);
      if (isComplete) return;
      await uploadAll(url, bytes.subarray(Number(offsetBytes)), Number(offsetBytes)).then((r) => r.arrayBuffer());
    };
    await Promise.all(Array.from({ length: 6 }, send));
    expect((await grantFor(bytes)).isComplete).toBe(true);
    const response = await fetch(await downloadUrl(bytes, 'shared.bin'));
    expect(sha256Of(Buffer.from(await response.arrayBuffer()))).toBe(sha256Of(bytes));
  });

  it('an empty append at the end completes what a crash left unsealed', async () => {
    const bytes = randomBytes(2 * KIB);
    const { url, uploadId, blob } = await grantFor(bytes);
    await uploadAll(url, bytes.subarray(0, KIB));
    // What a process leaves behind that dies between its last byte and the hash.
    await writeFile(join(around.blobDir, 'uploads', uploadId, `${KIB}-00ff.part`), bytes.subarray(KIB));
    expect((await grantFor(bytes)).offsetBytes).toBe(blob.sizeBytes);
    const response = await uploadAll(url, new Uint8Array(), 2 * KIB);
    expect([response.status, response.headers.get('upload-complete')]).toEqual([204, '?1']);
    expect(await readdir(join(around.blobDir, 'uploads'))).not.toContain(uploadId);
  });

  it('ranges are byte-exact, outside is 416, an unchanged blob is 304', async () => {
    const bytes = randomBytes(100 * KIB);
    const url = await downloadUrl(bytes, 'ranges/数据.bin');
    const get = async (headers: Record<string, string>) => {
      const response = await fetch(url, { headers });
      return { response, body: Buffer.from(await response.arrayBuffer()) };
    };
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-70000', 1000, 70_001],
      [`bytes=${50 * KIB}-`, 50 * KIB, bytes.length],
      ['bytes=-77', bytes.length - 77, bytes.length],
    ] as const) {
      const { response, body } = await get({ range });
      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${bytes.length}`);
      expect(response.headers.get('content-length')).toBe(String(to - from));
      expect(body.equals(bytes.subarray(from, to))).toBe(true);
    }
    const whole = await get({});
    expect([whole.response.status, whole.response.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(whole.response.headers.get('content-disposition')).toContain("UTF-8''%E6%95%B0%E6%8D%AE.bin");
    expect(whole.body.equals(bytes)).toBe(true);
    const outside = await get({ range: `bytes=${bytes.length}-` });
    expect([outside.response.status, outside.response.headers.get('content-range')]).toEqual([
      416,
      `bytes */${bytes.length}`,
    ]);
    const etag = whole.response.headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': etag })).response.status).toBe(304);
    expect((await get({ 'if-range': '"other"', range: 'bytes=0-0' })).response.status).toBe(200);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  });

  it('a URL that was tampered with, has expired, or belongs to another tenant is refused', async () => {
    const bytes = randomBytes(KIB);
    const url = await downloadUrl(bytes, 'guarded.bin');
    const status = async (changed: string, method = 'GET') => {
      const response = await fetch(changed, { method });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await status(url.replace('acc_1', 'acc_2'))).toEqual([403, 'url_invalid']);
    expect(await status(url.replace(/expires=\d/, 'expires=9'))).toEqual([403, 'url_invalid']);
    expect(await status(url.replace(sha256Of(bytes), sha256Of('other')))).toEqual([403, 'url_invalid']);
    expect(await status(url.replace(/signature=.*/, ''))).toEqual([403, 'url_invalid']);
    const { url: uploadUrl } = await grantFor(randomBytes(KIB));
    expect(await status(uploadUrl.replace('acc_1', 'acc_2'), 'PATCH')).toEqual([403, 'url_invalid']);
    expect(await status(url.replace('/blobs/', '/uploads/'), 'PATCH')).toEqual([403, 'url_invalid']);

    // A replica whose clock is a day ahead: for it, both have expired.
    const tomorrow = { ...systemClock, now: () => systemClock.now() + 24 * 3_600_000 };
    await using later = await startHub(around, { REPLICA_ID: 'later' }, { clock: tomorrow });
    const there = (signed: string) => signed.replace(hub.addresses.data, later.addresses.data);
    expect(await status(there(url))).toEqual([403, 'url_expired']);
    expect(await status(there(uploadUrl), 'PATCH')).toEqual([403, 'url_expired']);
  });

  it('the same bytes of two accounts are two blobs: neither shortens the other’s upload', async () => {
    const bytes = randomBytes(20 * KIB);
    const { url } = await grantFor(bytes);
    await uploadAll(url, bytes);
    const other = await clients.as({ accountId: 'acc_other' });
    const made = await clients.repositories.createRepository({ requestId: '', kind: 'dataset', name: 'bytes' }, other);
    const theirs = await grantFor(bytes, other, made.repository?.repositoryId);
    expect(theirs).toMatchObject({ isComplete: false, offsetBytes: 0n });
    expect((await uploadAll(theirs.url, bytes)).status).toBe(204);
    const kept = await readdir(join(around.blobDir, 'blobs'));
    expect(kept.toSorted()).toEqual(['acc_1', 'acc_other']);
  });

  it('a second replica on the same volume goes on with an upload that the first began', async () => {
    await using second = await startHub(around, { REPLICA_ID: 'second' });
    const bytes = randomBytes(200 * KIB);
    const { url } = await grantFor(bytes);
    await uploadAll(url, bytes.subarray(0, 90 * KIB));
    const there = url.replace(hub.addresses.data, second.addresses.data);
    expect(await offsetOf(there)).toBe(90 * KIB);
    expect((await uploadAll(there, bytes.subarray(90 * KIB), 90 * KIB)).status).toBe(204);
    expect(await offsetOf(url)).toBe(bytes.length);
  });

  it('an empty file is a file', async () => {
    const url = await downloadUrl(new Uint8Array(), 'empty');
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
