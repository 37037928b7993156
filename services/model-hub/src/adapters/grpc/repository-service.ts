import { type GrpcService, publicHandler, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type GrantUploadResponse,
  type RepositoryServiceServer,
  RepositoryServiceService,
} from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import { grantDownload } from '../../app/blob/grant-download.ts';
import { grantUpload, type UploadGrant } from '../../app/blob/grant-upload.ts';
import type { HubDeps } from '../../app/ports.ts';
import { createCommit } from '../../app/repository/create-commit.ts';
import { createRepository } from '../../app/repository/create-repository.ts';
import { getRepository, listRepositories } from '../../app/repository/read-repositories.ts';
import { listCommits, listFiles } from '../../app/repository/read-revisions.ts';
import {
  forRequest,
  readFile,
  readPageAsk,
  writeCommit,
  writeFile,
  writePageInfo,
  writeRepository,
} from './messages.ts';
import { answer } from './refusals.ts';

export function repositoryService(hub: HubDeps, verifier: TokenVerifier): GrpcService {
  const read = publicHandler(verifier, { scope: 'hub:read' });
  const write = publicHandler(verifier, { scope: 'hub:write' });

  const implementation: RepositoryServiceServer = {
    createRepository: unary(write, async (ctx, { requestId, kind, name }) =>
      answer(await createRepository(hub, forRequest(ctx, requestId), { kind, name }), (repository) => ({
        repository: writeRepository(repository),
      })),
    ),
    getRepository: unary(read, async (ctx, { repositoryId }) =>
      answer(await getRepository(hub, ctx, repositoryId), (repository) => ({
        repository: writeRepository(repository),
      })),
    ),
    listRepositories: unary(read, async (ctx, { page, kind }) =>
      answer(await listRepositories(hub, ctx, { ...readPageAsk(page), kind }), (found) => ({
        repositories: found.items.map(writeRepository),
        page: writePageInfo(found),
      })),
    ),
    grantUpload: unary(write, async (ctx, { repositoryId, sha256, sizeBytes }) =>
      answer(
        await grantUpload(hub, ctx, { repository: repositoryId, sha256, sizeBytes: Number(sizeBytes) }),
        writeUploadGrant,
      ),
    ),
    createCommit: unary(
      write,
      async (ctx, { requestId, repositoryId, message, files, deletedPaths, expectedParent }) => {
        const command = {
          repository: repositoryId,
          message,
          files: files.map(readFile),
          deletedPaths,
          ...(expectedParent !== '' && { expectedParent }),
        };
        const outcome = await createCommit(hub, forRequest(ctx, requestId), command);
        return answer(outcome, (commit) => ({ commit: writeCommit(commit) }));
      },
    ),
    listCommits: unary(read, async (ctx, { repositoryId, page }) =>
      answer(await listCommits(hub, ctx, { ...readPageAsk(page), repository: repositoryId }), (found) => ({
        commits: found.items.map(writeCommit),
        page: writePageInfo(found),
      })),
    ),
    listFiles: unary(read, async (ctx, { repositoryId, revision, page }) =>
      answer(await listFiles(hub, ctx, { ...readPageAsk(page), repository: repositoryId, revision }), (found) => ({
        revision: found.revision,
        files: found.items.map(writeFile),
        page: writePageInfo(found),
      })),
    ),
    grantDownload: unary(read, async (ctx, { repositoryId, revision, path }) =>
      answer(await grantDownload(hub, ctx, { repository: repositoryId, revision, path }), (grant) => ({
        url: grant.url,
        sha256: grant.file.sha256,
        sizeBytes: BigInt(grant.file.sizeBytes),
        revision: grant.revision,
        expiresAt: new Date(grant.expiresAt),
      })),
    ),
  };
  return { definition: RepositoryServiceService, implementation };
}

function writeUploadGrant(grant: UploadGrant): GrantUploadResponse {
  if (grant.kind === 'already_there') {
    return { isComplete: true, uploadId: '', url: '', offsetBytes: BigInt(grant.sizeBytes) };
  }
  const { uploadId, url, offsetBytes, expiresAt } = grant;
  return { isComplete: false, uploadId, url, offsetBytes: BigInt(offsetBytes), expiresAt: new Date(expiresAt) };
}
