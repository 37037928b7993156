import type { Blob } from '../../domain/blob/blob.ts';

/** Where the bytes of one upload belong when they are complete. */
export type UploadTarget = { uploadId: string; accountId: string; blob: Blob };

export type Appended =
  | { kind: 'appended'; reachedBytes: number }
  /** The upload has not reached `fromByte`, or is past it; nothing was read from the source. */
  | { kind: 'wrong_offset'; reachedBytes: number }
  /** More bytes than the blob has. What fits was kept. */
  | { kind: 'too_long'; reachedBytes: number }
  /** Sent in too many pieces to be put together. */
  | { kind: 'too_fragmented' };

export type Sealed =
  | 'sealed'
  /** All bytes are there and they are not those that the hash names: the upload begins again at 0. */
  | 'hash_mismatch'
  /** Not all bytes are there, for example because another replica took them to seal them itself. */
  | 'incomplete';

/** Bytes from `fromByte` on, `toByte` exclusive. */
export type ByteRange = { fromByte: number; toByte: number };

/**
 * Bytes of blobs and of uploads, shared by all replicas. A blob is there whole or not at all, and what is there has been
 * hashed. Any number of writers may work on one upload at once, on any replica: none can spoil what another has sent.
 */
export interface BlobStore {
  /** How many bytes from the first on are kept; survives the end of this process at any moment. */
  reachedBytes(target: UploadTarget): Promise<number>;
  /** Keeps what the source yields. When the source throws, so does this, and what had arrived is kept. */
  append(target: UploadTarget, fromByte: number, source: AsyncIterable<Uint8Array>): Promise<Appended>;
  /** Makes a complete upload the blob of its account. May be repeated. */
  seal(target: UploadTarget): Promise<Sealed>;
  /** Forgets an upload's bytes; fine when there are none. */
  discard(uploadId: string): Promise<void>;
  /** Ids of uploads that bytes are kept of, in no order. */
  listUploads(): AsyncIterable<string>;
  /** Size in bytes; undefined when the account has no such blob. */
  sizeOf(accountId: string, sha256: string): Promise<number | undefined>;
  /** Bytes of a blob that is there. */
  read(accountId: string, sha256: string, range: ByteRange): AsyncIterable<Uint8Array>;
}
