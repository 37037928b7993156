import { createHash } from 'node:crypto';
import type { BlobStore, UploadTarget } from '../app/blob/blob-store.ts';
import { chainOf } from '../domain/blob/segments.ts';

type HeldSegment = { id: string; fromByte: number; bytes: Buffer };

/** Keeps bytes in memory; for tests without a disk. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, HeldSegment[]>();

  function chain({ uploadId, blob }: UploadTarget) {
    const held = uploads.get(uploadId) ?? [];
    return chainOf(
      held.map(({ id, fromByte, bytes }) => ({ id, fromByte, lengthBytes: bytes.length })),
      blob.sizeBytes,
    );
  }

  return {
    reachedBytes: async (target) => chain(target).reachedBytes,
    async append(target, fromByte, source) {
      const { reachedBytes } = chain(target);
      if (fromByte !== reachedBytes) return { kind: 'wrong_offset', reachedBytes };
      const held = uploads.get(target.uploadId) ?? [];
      const segment: HeldSegment = { id: `segment ${held.length}`, fromByte, bytes: Buffer.alloc(0) };
      uploads.set(target.uploadId, [...held, segment]);
      for await (const bytes of source) {
        const fitting = bytes.subarray(0, target.blob.sizeBytes - fromByte - segment.bytes.length);
        segment.bytes = Buffer.concat([segment.bytes, fitting]);
        if (fitting.length < bytes.length) return { kind: 'too_long', reachedBytes: chain(target).reachedBytes };
      }
      return { kind: 'appended', reachedBytes: chain(target).reachedBytes };
    },
    async seal(target) {
      const { reachedBytes, links } = chain(target);
      const { uploadId, accountId, blob } = target;
      if (reachedBytes < blob.sizeBytes) return 'incomplete';
      const held = new Map((uploads.get(uploadId) ?? []).map((segment) => [segment.id, segment.bytes]));
      const whole = Buffer.concat(
        links.map(({ segment, skipBytes, lengthBytes }) =>
          (held.get(segment.id) ?? Buffer.alloc(0)).subarray(skipBytes, skipBytes + lengthBytes),
        ),
      );
      if (createHash('sha256').update(whole).digest('hex') !== blob.sha256) {
        uploads.delete(uploadId);
        return 'hash_mismatch';
      }
      blobs.set(`${accountId}/${blob.sha256}`, whole);
      return 'sealed';
    },
    discard: async (uploadId) => void uploads.delete(uploadId),
    async *listUploads() {
      yield* uploads.keys();
    },
    sizeOf: async (accountId, sha256) => blobs.get(`${accountId}/${sha256}`)?.length,
    async *read(accountId, sha256, { fromByte, toByte }) {
      yield (blobs.get(`${accountId}/${sha256}`) ?? Buffer.alloc(0)).subarray(fromByte, toByte);
    },
  };
}
