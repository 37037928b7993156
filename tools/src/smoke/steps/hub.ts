import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { check } from '../check.ts';
import type { Api } from '../rest/api.ts';
import { downloadInTwo, sha256Of, upload, uploadFirstHalf } from '../rest/hub-files.ts';
import type { CommitFile, Repository } from '../rest/views.ts';

const MEBIBYTE = 1024 * 1024;

/** The repository of that name: the one that is there already, else a new one. */
export async function openRepository(api: Api, kind: 'model' | 'dataset', name: string): Promise<Repository> {
  const known = await api.send('GET', `/v1/repositories/${encodeURIComponent(`${kind}/${name}`)}`);
  if (known.ok) return (await known.json()) as Repository;
  return api.post<Repository>('/v1/repositories', { kind, name });
}

/** Makes a revision out of all the files of a folder. */
export async function publishFolder(
  api: Api,
  repository: Repository,
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const files: CommitFile[] = [];
  for (const path of paths.filter(isWanted).sort()) {
    files.push(await upload(api, repository.id, { path, bytes: await readFile(join(folder, path)) }));
  }
  check(files.length > 0, `${folder} holds no files`);
  return commit(api, repository, files, `Files of ${relative(process.cwd(), folder)}`);
}

async function commit(api: Api, { id }: Repository, files: readonly CommitFile[], message: string): Promise<string> {
  const { revision } = await api.post<{ revision: string }>(`/v1/repositories/${id}/commits`, { message, files });
  return revision;
}

/** An upload that is cut off half way goes on where it was; what comes back is what was sent. */
export async function resumedUpload(api: Api, name: string): Promise<string> {
  const repository = await openRepository(api, 'dataset', name);
  const file = { path: 'noise/bytes.bin', bytes: randomBytes(2 * MEBIBYTE) };
  const reached = await uploadFirstHalf(api, repository.id, file);
  check(reached === MEBIBYTE, `half of the file was sent, the platform has ${reached} bytes of it`);
  const wrong = await wrongOffset(api, repository.id, file);
  check(wrong.status === 409 && wrong.offset === reached, `a wrong offset answered ${JSON.stringify(wrong)}`);
  const committed = await upload(api, repository.id, file);
  const revision = await commit(api, repository, [committed], 'Noise');
  const back = await downloadInTwo(api, `/v1/repositories/${repository.id}/files/${file.path}?revision=${revision}`);
  check(sha256Of(back) === committed.sha256, 'what came back is not what was sent');
  return `2 MiB sent in two parts and fetched in two, SHA-256 ${committed.sha256.slice(0, 12)}…`;
}

async function wrongOffset(api: Api, repositoryId: string, { bytes }: { bytes: Uint8Array }) {
  const body = { sha256: sha256Of(bytes), size_bytes: String(bytes.length) };
  const { url } = await api.post<{ url: string }>(`/v1/repositories/${repositoryId}/uploads`, body);
  const headers = { 'upload-offset': '7', 'content-type': 'application/octet-stream' };
  const answer = await api.send('PATCH', url, { body: bytes.subarray(7, 8), headers });
  await answer.arrayBuffer();
  return { status: answer.status, offset: Number(answer.headers.get('upload-offset')) };
}
