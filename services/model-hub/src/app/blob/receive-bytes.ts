import type { Upload } from '../../domain/blob/blob.ts';
import type { HubDeps } from '../ports.ts';

/** What the holder of an upload's URL names. */
export type UploadKey = { accountId: string; uploadId: string };

export type UploadProgress = { offsetBytes: number; sizeBytes: number; isComplete: boolean };

export type Received =
  | ({ kind: 'received' } & UploadProgress)
  | ({ kind: 'wrong_offset' } & UploadProgress)
  | { kind: 'too_long'; sizeBytes: number }
  | { kind: 'too_fragmented' }
  | { kind: 'hash_mismatch' }
  | { kind: 'upload_not_found' };

type ReceiveDeps = Pick<HubDeps, 'work' | 'bytes' | 'clock'>;

/** How far an upload has come. */
export async function readUpload(deps: ReceiveDeps, key: UploadKey): Promise<UploadProgress | undefined> {
  const upload = await touch(deps, key);
  return upload && progressOf(deps, upload);
}

/**
 * Appends at exactly `fromByte`. With the last byte the hash is verified and the account has the blob; an empty append
 * at the end does that again where a crash came between. When the source breaks off, what had arrived is kept.
 */
export async function receiveBytes(
  deps: ReceiveDeps,
  key: UploadKey,
  fromByte: number,
  source: AsyncIterable<Uint8Array>,
): Promise<Received> {
  const upload = await touch(deps, key);
  if (!upload) return { kind: 'upload_not_found' };
  const { sizeBytes } = upload.blob;
  if (upload.state === 'complete') {
    const kind = fromByte === sizeBytes ? 'received' : 'wrong_offset';
    return { kind, offsetBytes: sizeBytes, sizeBytes, isComplete: true };
  }
  const appended = await deps.bytes.append(upload, fromByte, source);
  switch (appended.kind) {
    case 'too_fragmented':
      return appended;
    case 'too_long':
      return { kind: 'too_long', sizeBytes };
    case 'wrong_offset':
      return { kind: 'wrong_offset', offsetBytes: appended.reachedBytes, sizeBytes, isComplete: false };
    case 'appended':
      if (appended.reachedBytes === sizeBytes) return seal(deps, upload);
      return { kind: 'received', offsetBytes: appended.reachedBytes, sizeBytes, isComplete: false };
  }
}

async function seal(deps: ReceiveDeps, upload: Upload): Promise<Received> {
  const sealed = await deps.bytes.seal(upload);
  switch (sealed) {
    case 'hash_mismatch':
      return { kind: 'hash_mismatch' };
    case 'incomplete': {
      // Another replica took the bytes; its transaction says when it is done.
      const progress = await readUpload(deps, upload);
      return progress
        ? { kind: progress.isComplete ? 'received' : 'wrong_offset', ...progress }
        : { kind: 'upload_not_found' };
    }
    case 'sealed': {
      await deps.work(({ blobs }) => blobs.complete(upload, deps.clock.now()));
      await deps.bytes.discard(upload.uploadId);
      const { sizeBytes } = upload.blob;
      return { kind: 'received', offsetBytes: sizeBytes, sizeBytes, isComplete: true };
    }
  }
}

function touch(deps: ReceiveDeps, { accountId, uploadId }: UploadKey): Promise<Upload | undefined> {
  return deps.work(({ blobs }) => blobs.touchUpload(accountId, uploadId, deps.clock.now()));
}

async function progressOf(deps: ReceiveDeps, upload: Upload): Promise<UploadProgress> {
  const { sizeBytes } = upload.blob;
  if (upload.state === 'complete') return { offsetBytes: sizeBytes, sizeBytes, isComplete: true };
  return { offsetBytes: await deps.bytes.reachedBytes(upload), sizeBytes, isComplete: false };
}
