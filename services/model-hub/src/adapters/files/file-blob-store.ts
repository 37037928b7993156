import { constants, createReadStream } from 'node:fs';
import { access, mkdir, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant } from '@suanli/kernel';
import type { BlobStore, Sealed, UploadTarget } from '../../app/blob/blob-store.ts';
import { chainOf, type Segment } from '../../domain/blob/segments.ts';
import { makeWhole } from './make-whole.ts';
import { isMissing, listSegments, makeDurable, moveDurably, removeFolder } from './durable-files.ts';
import { writeSegment } from './write-segment.ts';

/** A blob that came in more pieces than this cannot be put together in reasonable time. */
const MAX_SEGMENTS = 16_384;
const READ_BUFFER_BYTES = 256 * 1024;
/** Names become folders: nothing that could lead elsewhere. */
const SAFE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

export type FileBlobStore = BlobStore & {
  /** Makes the folders, and throws when they cannot be written to. */
  prepare(): Promise<void>;
  /** A readiness check: throws when the volume is away. */
  check(): Promise<void>;
};

/**
 * Blobs in `blobs/<account>/<ab>/<cd>/<sha256>`, uploads in `uploads/<id>/<fromByte>-<random>.part`, on one file system
 * that all replicas share. Each connection writes a file of its own, so no lock is needed anywhere, and an upload that
 * came in one go becomes the blob by a rename.
 */
export function createFileBlobStore(root: string): FileBlobStore {
  const sealing = new Map<string, Promise<Sealed>>();

  const uploadDir = (uploadId: string) => join(root, 'uploads', safe(uploadId));
  const blobFile = (accountId: string, sha256: string) =>
    join(root, 'blobs', safe(accountId), sha256.slice(0, 2), sha256.slice(2, 4), safe(sha256));

  async function sizeOf(accountId: string, sha256: string): Promise<number | undefined> {
    try {
      return (await stat(blobFile(accountId, sha256))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** A blob that was sealed just before a crash is there already, though nobody was told. */
  const isSealed = async ({ accountId, blob }: UploadTarget) =>
    (await sizeOf(accountId, blob.sha256)) === blob.sizeBytes;

  async function reachedBytes(target: UploadTarget, segments?: Segment[]): Promise<number> {
    if (await isSealed(target)) return target.blob.sizeBytes;
    const kept = segments ?? (await listSegments(uploadDir(target.uploadId)));
    return chainOf(kept, target.blob.sizeBytes).reachedBytes;
  }

  async function sealOnce(target: UploadTarget): Promise<Sealed> {
    if (await isSealed(target)) return 'sealed';
    const { accountId, blob, uploadId } = target;
    const dir = uploadDir(uploadId);
    const { reachedBytes, links } = chainOf(await listSegments(dir), blob.sizeBytes);
    if (reachedBytes < blob.sizeBytes) return 'incomplete';
    try {
      const whole = await makeWhole(dir, links, blob.sizeBytes);
      if (whole.sha256 !== blob.sha256) {
        await removeFolder(dir);
        return 'hash_mismatch';
      }
      await makeDurable(whole.path);
      await moveDurably(whole.path, blobFile(accountId, blob.sha256), root);
      return 'sealed';
    } catch (error) {
      // Another replica took the same bytes: what it made of them is looked up by the caller.
      if (isMissing(error)) return (await isSealed(target)) ? 'sealed' : 'incomplete';
      throw error;
    }
  }

  return {
    async prepare() {
      for (const folder of ['blobs', 'uploads']) await mkdir(join(root, folder), { recursive: true });
      await this.check();
    },
    check: () => access(join(root, 'uploads'), constants.R_OK | constants.W_OK),

    reachedBytes: (target) => reachedBytes(target),

    async append(target, fromByte, source) {
      const segments = await listSegments(uploadDir(target.uploadId));
      const reached = await reachedBytes(target, segments);
      if (fromByte !== reached) return { kind: 'wrong_offset', reachedBytes: reached };
      if (segments.length >= MAX_SEGMENTS) return { kind: 'too_fragmented' };
      const limitBytes = target.blob.sizeBytes - fromByte;
      const written = await writeSegment(uploadDir(target.uploadId), fromByte, limitBytes, source);
      return { kind: written.isTooLong ? 'too_long' : 'appended', reachedBytes: await reachedBytes(target) };
    },

    seal(target) {
      const running = sealing.get(target.uploadId) ?? sealOnce(target).finally(() => sealing.delete(target.uploadId));
      sealing.set(target.uploadId, running);
      return running;
    },

    discard: (uploadId) => removeFolder(uploadDir(uploadId)),

    async *listUploads() {
      try {
        for await (const entry of await opendir(join(root, 'uploads'))) if (entry.isDirectory()) yield entry.name;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },

    sizeOf,

    read: (accountId, sha256, { fromByte, toByte }) => {
      const path = blobFile(accountId, sha256);
      // A stream cannot be asked for no bytes: its end is inclusive.
      return toByte <= fromByte
        ? nothing()
        : createReadStream(path, { start: fromByte, end: toByte - 1, highWaterMark: READ_BUFFER_BYTES });
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function safe(name: string): string {
  invariant(SAFE_NAME.test(name), 'a name that cannot be a folder');
  return name;
}
