import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BlobStore, UploadTarget } from '../src/app/blob/blob-store.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const text = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(40));

async function* sending(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function* breakingAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new Error('connection lost');
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

function aTarget(bytes: Uint8Array, target: Partial<UploadTarget> = {}): UploadTarget {
  return { uploadId: 'upl_1', accountId: 'acc_1', blob: { sha256: sha256(bytes), sizeBytes: bytes.length }, ...target };
}

/** What every blob store promises; run on memory and on files. */
export function blobStoreSuite(name: string, make: () => Promise<{ store: BlobStore } & AsyncDisposable>): void {
  describe(`BlobStore: ${name}`, () => {
    it('a blob is there once it is complete and sealed, not before', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      expect(await store.seal(target)).toBe('incomplete');
      await store.append(target, 0, sending(text.subarray(0, 100)));
      expect(await store.seal(target)).toBe('incomplete');
      expect(await store.sizeOf('acc_1', target.blob.sha256)).toBeUndefined();
      await store.append(target, 100, sending(text.subarray(100)));
      expect(await store.seal(target)).toBe('sealed');
      expect(await store.sizeOf('acc_1', target.blob.sha256)).toBe(text.length);
      expect(await readAll(store.read('acc_1', target.blob.sha256, { fromByte: 0, toByte: text.length }))).toEqual(
        text,
      );
    });

    it('any range reads exactly its bytes', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      await store.append(target, 0, sending(text));
      await store.seal(target);
      for (const [fromByte, toByte] of [
        [0, 1],
        [17, 400],
        [text.length - 1, text.length],
        [5, 5],
      ] as const) {
        const read = await readAll(store.read('acc_1', target.blob.sha256, { fromByte, toByte }));
        expect(read).toEqual(text.subarray(fromByte, toByte));
      }
    });

    it('what arrived before a source broke off is kept, and the upload goes on from there', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      await expect(store.append(target, 0, breakingAfter(text.subarray(0, 77)))).rejects.toThrow('connection lost');
      expect(await store.reachedBytes(target)).toBe(77);
      expect(await store.append(target, 77, sending(text.subarray(77)))).toEqual({
        kind: 'appended',
        reachedBytes: text.length,
      });
      expect(await store.seal(target)).toBe('sealed');
    });

    it('another offset than the one reached is refused with the right one, before anything is read', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      await store.append(target, 0, sending(text.subarray(0, 50)));
      for (const fromByte of [0, 49, 51]) {
        const wrong = await store.append(target, fromByte, breakingAfter(text));
        expect(wrong).toEqual({ kind: 'wrong_offset', reachedBytes: 50 });
      }
    });

    it('bytes beyond the size are refused', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      const result = await store.append(target, 0, sending(text, Buffer.from('more')));
      expect(result.kind).toBe('too_long');
      expect(await store.reachedBytes(target)).toBe(text.length);
    });

    it('bytes of another hash never become a blob: the upload begins again', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      await store.append(target, 0, sending(Buffer.alloc(text.length, 'x')));
      expect(await store.seal(target)).toBe('hash_mismatch');
      expect(await store.sizeOf('acc_1', target.blob.sha256)).toBeUndefined();
      expect(await store.reachedBytes(target)).toBe(0);
      await store.append(target, 0, sending(text));
      expect(await store.seal(target)).toBe('sealed');
    });

    it('two who send the same upload at once do not spoil each other', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      const both = await Promise.all([
        store.append(target, 0, sending(text.subarray(0, 600), text.subarray(600))),
        store.append(target, 0, sending(text.subarray(0, 30))),
      ]);
      expect(both.some((result) => result.kind === 'appended' && result.reachedBytes === text.length)).toBe(true);
      expect(await Promise.all([store.seal(target), store.seal(target)])).toEqual(['sealed', 'sealed']);
      expect(await readAll(store.read('acc_1', target.blob.sha256, { fromByte: 0, toByte: text.length }))).toEqual(
        text,
      );
    });

    it('one who sends wrong bytes costs a repetition, never a wrong blob', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(text);
      await Promise.all([
        store.append(target, 0, sending(Buffer.alloc(text.length, 'x'))),
        store.append(target, 0, sending(text.subarray(0, 900))),
      ]);
      expect(await store.seal(target)).toBe('hash_mismatch');
      await store.append(target, 0, sending(text));
      expect(await store.seal(target)).toBe('sealed');
    });

    it('a blob of one account does not exist for another, and its upload does not get shorter by it', async () => {
      await using made = await make();
      const { store } = made;
      const mine = aTarget(text);
      await store.append(mine, 0, sending(text));
      await store.seal(mine);
      const theirs = aTarget(text, { accountId: 'acc_2', uploadId: 'upl_2' });
      expect(await store.sizeOf('acc_2', mine.blob.sha256)).toBeUndefined();
      expect(await store.reachedBytes(theirs)).toBe(0);
    });

    it('an empty blob is a blob', async () => {
      await using made = await make();
      const { store } = made;
      const target = aTarget(new Uint8Array());
      await store.append(target, 0, sending());
      expect(await store.seal(target)).toBe('sealed');
      expect(await store.sizeOf('acc_1', target.blob.sha256)).toBe(0);
    });

    it('uploads are listed until they are discarded', async () => {
      await using made = await make();
      const { store } = made;
      await store.append(aTarget(text), 0, sending(text.subarray(0, 9)));
      await store.append(aTarget(text, { uploadId: 'upl_2' }), 0, sending(text.subarray(0, 9)));
      expect((await Array.fromAsync(store.listUploads())).toSorted()).toEqual(['upl_1', 'upl_2']);
      await store.discard('upl_1');
      await store.discard('upl_1');
      expect(await Array.fromAsync(store.listUploads())).toEqual(['upl_2']);
      expect(await store.reachedBytes(aTarget(text))).toBe(0);
    });
  });
}
