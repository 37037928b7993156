import type { CallContext, Instant } from '@suanli/kernel';
import { done, type Outcome } from '../../domain/refusal.ts';
import type { CommitFile } from '../../domain/repository/revision.ts';
import type { HubDeps } from '../ports.ts';
import { findFile } from '../repository/read-revisions.ts';
import { blobPath, GRANT_LIFETIME_MS } from './grants.ts';

export type DownloadGrant = { url: string; file: CommitFile; revision: string; expiresAt: Instant };

/** A URL that gives the bytes of one file of one revision for a while. */
export async function grantDownload(
  deps: HubDeps,
  ctx: CallContext,
  ask: { repository: string; revision: string; path: string },
): Promise<Outcome<DownloadGrant>> {
  const found = await deps.work((stores) => findFile(stores, ctx.tenant, ask));
  if (found.kind === 'refused') return found;
  const { file, revision } = found.value;
  const expiresAt = deps.clock.now() + GRANT_LIFETIME_MS;
  const url = deps.signUrl({
    access: 'read',
    path: blobPath(file.sha256),
    accountId: ctx.tenant.accountId,
    expiresAt,
    filename: file.path.slice(file.path.lastIndexOf('/') + 1),
  });
  return done({ url, file, revision, expiresAt });
}
