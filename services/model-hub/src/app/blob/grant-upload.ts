import type { CallContext, Instant } from '@suanli/kernel';
import { UPLOAD_ID_PREFIX, type Upload } from '../../domain/blob/blob.ts';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import { isSha256 } from '../../domain/repository/revision.ts';
import type { HubDeps } from '../ports.ts';
import { findRepository } from '../repository/read-repositories.ts';
import { GRANT_LIFETIME_MS, uploadPath } from './grants.ts';

export type UploadGrant =
  | { kind: 'already_there'; sizeBytes: number }
  | { kind: 'upload'; uploadId: string; url: string; offsetBytes: number; expiresAt: Instant };

/**
 * A place to send a blob to, or the news that the account has it. Whoever asks again gets the same upload, with what has
 * arrived so far; what another account has is never told.
 */
export async function grantUpload(
  deps: HubDeps,
  ctx: CallContext,
  command: { repository: string; sha256: string; sizeBytes: number },
): Promise<Outcome<UploadGrant>> {
  const { sha256, sizeBytes } = command;
  const { maxBlobBytes } = deps.limits;
  if (!isSha256(sha256)) return refused({ reason: 'invalid_sha256' });
  if (sizeBytes < 0 || sizeBytes > maxBlobBytes) return refused({ reason: 'blob_too_large', maxBytes: maxBlobBytes });

  const { accountId } = ctx.tenant;
  const now = deps.clock.now();
  const opened = await deps.work(async ({ repositories, blobs }): Promise<Outcome<Upload | undefined>> => {
    const repository = await findRepository(repositories, ctx.tenant, command.repository);
    if (repository.kind === 'refused') return repository;
    const [blob] = await blobs.find(accountId, [sha256]);
    if (blob && blob.sizeBytes !== sizeBytes)
      return refused({ reason: 'blob_size_mismatch', sizeBytes: blob.sizeBytes });
    if (blob) return done(undefined);
    const uploadId = deps.ids.next(UPLOAD_ID_PREFIX);
    const fresh: Upload = { uploadId, accountId, blob: { sha256, sizeBytes }, state: 'open', touchedAt: now };
    return done(await blobs.openUpload(fresh));
  });
  if (opened.kind === 'refused') return opened;
  const upload = opened.value;
  if (upload === undefined) return done({ kind: 'already_there', sizeBytes });

  const { uploadId } = upload;
  const expiresAt = now + GRANT_LIFETIME_MS;
  const url = deps.signUrl({ access: 'write', path: uploadPath(uploadId), accountId, expiresAt });
  return done({ kind: 'upload', uploadId, url, expiresAt, offsetBytes: await deps.bytes.reachedBytes(upload) });
}
