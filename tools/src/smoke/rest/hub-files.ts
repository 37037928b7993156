import { createHash } from 'node:crypto';
import { check } from '../check.ts';
import { type Api, Refused } from './api.ts';
import type { CommitFile } from './views.ts';

export type Upload = { path: string; bytes: Uint8Array };
type Grant = { is_complete: boolean; url: string; offset_bytes: string };

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Uploads one file from wherever an earlier try ended, and says how a commit names it. */
export async function upload(api: Api, repositoryId: string, { path, bytes }: Upload): Promise<CommitFile> {
  const file = { path, sha256: sha256Of(bytes), size_bytes: String(bytes.length) };
  const grant = await grantUpload(api, repositoryId, file);
  if (!grant.is_complete) await sendFrom(api, grant.url, bytes, Number(grant.offset_bytes));
  return file;
}

/** Sends the first part alone, as a client that is cut off does; returns the offset that the platform has reached. */
export async function uploadFirstHalf(api: Api, repositoryId: string, { path, bytes }: Upload): Promise<number> {
  const file = { path, sha256: sha256Of(bytes), size_bytes: String(bytes.length) };
  const grant = await grantUpload(api, repositoryId, file);
  check(!grant.is_complete, `${path} is said to be there before it was sent`);
  const half = Math.floor(bytes.length / 2);
  await sendFrom(api, grant.url, bytes.subarray(0, half), 0);
  const head = await api.send('HEAD', grant.url);
  check(head.ok, `HEAD of the upload answered ${head.status}`);
  return Number(head.headers.get('upload-offset'));
}

function grantUpload(api: Api, repositoryId: string, { sha256, size_bytes }: CommitFile): Promise<Grant> {
  return api.post<Grant>(`/v1/repositories/${repositoryId}/uploads`, { sha256, size_bytes });
}

async function sendFrom(api: Api, url: string, bytes: Uint8Array, offset: number): Promise<void> {
  const headers = { 'upload-offset': String(offset), 'content-type': 'application/octet-stream' };
  const answer = await api.send('PATCH', url, { body: bytes.subarray(offset), headers });
  if (!answer.ok) throw new Refused('PATCH of an upload', answer.status, await answer.text());
}

/** A file of a revision, fetched in two parts as a client does that was cut off in between. */
export async function downloadInTwo(api: Api, url: string): Promise<Uint8Array> {
  const head = await api.send('HEAD', url);
  if (!head.ok) throw new Refused(`HEAD ${url}`, head.status, '');
  const size = Number(head.headers.get('content-length'));
  const half = Math.floor(size / 2);
  const parts = [await rangeOf(api, url, `bytes=0-${half - 1}`), await rangeOf(api, url, `bytes=${half}-`)];
  const whole = Buffer.concat(parts);
  check(whole.length === size, `both parts of ${url} have ${whole.length} bytes instead of ${size}`);
  return whole;
}

async function rangeOf(api: Api, url: string, range: string): Promise<Uint8Array> {
  const answer = await api.send('GET', url, { headers: { range } });
  if (answer.status !== 206) throw new Refused(`GET ${url} with Range ${range}`, answer.status, await answer.text());
  return new Uint8Array(await answer.arrayBuffer());
}
