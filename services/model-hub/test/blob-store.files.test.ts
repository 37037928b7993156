import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFileBlobStore } from '../src/adapters/files/file-blob-store.ts';
import { blobStoreSuite } from './blob-store.suite.ts';

async function makeStore() {
  const root = await mkdtemp(join(tmpdir(), 'suanli-blobs-'));
  const store = createFileBlobStore(root);
  await store.prepare();
  return { root, store, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

blobStoreSuite('files', makeStore);

describe('file blob store', () => {
  it('two replicas on one volume go on with each other’s uploads', async () => {
    await using made = await makeStore();
    const other = createFileBlobStore(made.root);
    const bytes = Buffer.from('shared by two replicas');
    const target = {
      uploadId: 'upl_1',
      accountId: 'acc_1',
      blob: { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length },
    };
    await made.store.append(target, 0, one(bytes.subarray(0, 10)));
    await other.append(target, 10, one(bytes.subarray(10)));
    const both = await Promise.all([made.store.seal(target), other.seal(target)]);
    expect(both).toContain('sealed');
    expect(await made.store.sizeOf('acc_1', target.blob.sha256)).toBe(bytes.length);
    // A crash before anybody was told: the upload is found complete and is sealed again.
    expect(await other.reachedBytes(target)).toBe(bytes.length);
    expect(await other.seal(target)).toBe('sealed');
  });

  it('an upload that came in one go leaves nothing behind once it is a blob', async () => {
    await using made = await makeStore();
    const bytes = Buffer.from('in one go');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const target = { uploadId: 'upl_1', accountId: 'acc_1', blob: { sha256, sizeBytes: bytes.length } };
    await made.store.append(target, 0, one(bytes));
    await made.store.seal(target);
    expect(await readdir(join(made.root, 'uploads', 'upl_1'))).toEqual([]);
    expect(await readdir(join(made.root, 'blobs', 'acc_1', sha256.slice(0, 2), sha256.slice(2, 4)))).toEqual([sha256]);
  });

  it('a name that would leave the folder is a bug, not a path', async () => {
    await using made = await makeStore();
    await expect(made.store.sizeOf('../acc_1', 'a'.repeat(64))).rejects.toThrow('cannot be a folder');
  });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
