import type { BlobRecords } from '../app/ports.ts';
import type { MemoryState } from './memory-state.ts';

export function memoryBlobRecords({ blobs, uploads }: MemoryState): BlobRecords {
  return {
    async find(accountId, sha256s) {
      return sha256s.map((sha256) => blobs.get(`${accountId}/${sha256}`)).filter((blob) => blob !== undefined);
    },
    async openUpload(upload) {
      const { accountId, blob } = upload;
      const open = [...uploads.values()].find(
        (one) =>
          one.state === 'open' &&
          one.accountId === accountId &&
          one.blob.sha256 === blob.sha256 &&
          one.blob.sizeBytes === blob.sizeBytes,
      );
      const kept = open ? { ...open, touchedAt: upload.touchedAt } : upload;
      uploads.set(kept.uploadId, kept);
      return kept;
    },
    async touchUpload(accountId, uploadId, now) {
      const found = uploads.get(uploadId);
      if (found?.accountId !== accountId) return undefined;
      const touched = { ...found, touchedAt: now };
      uploads.set(uploadId, touched);
      return touched;
    },
    async complete(upload, now) {
      const key = `${upload.accountId}/${upload.blob.sha256}`;
      if (!blobs.has(key)) blobs.set(key, upload.blob);
      if (uploads.has(upload.uploadId)) uploads.set(upload.uploadId, { ...upload, state: 'complete', touchedAt: now });
    },
    async forgetUploads(untouchedSince, limit) {
      const old = [...uploads.values()].filter((upload) => upload.touchedAt < untouchedSince).slice(0, limit);
      for (const upload of old) uploads.delete(upload.uploadId);
      return old.length;
    },
    async openAmong(uploadIds) {
      return uploadIds.filter((id) => uploads.get(id)?.state === 'open');
    },
  };
}
