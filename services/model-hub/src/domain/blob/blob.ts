import type { Instant } from '@suanli/kernel';

/** Bytes with a name that says what they are. Shared inside an account, unknown outside of it. */
export type Blob = { sha256: string; sizeBytes: number };

/** `open` until the bytes are complete and their hash is right. */
export type UploadState = 'open' | 'complete';

/** One blob on its way in; all who upload the same blob for one account share it. */
export type Upload = {
  uploadId: string;
  accountId: string;
  blob: Blob;
  state: UploadState;
  /** When somebody last asked for it or sent bytes. */
  touchedAt: Instant;
};

export const UPLOAD_ID_PREFIX = 'upl';
