import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import type { Clock } from '@suanli/kernel';
import type { HubFiles } from '../../app/ports.ts';
import { HubAnswer, persist } from './persist.ts';

const PAGE_LIMIT = 200;
const HEADERS_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_FILES = 10_000;

type Call = {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: Readable | string;
  headers?: Record<string, string>;
  signal: AbortSignal;
};

/** The model hub through the platform's public REST, as any program of the tenant would use it. */
export function httpHubFiles(gatewayUrl: URL, clock: Clock): HubFiles {
  const call = async (jobKey: string, { method, path, body, headers, signal }: Call) => {
    const url = new URL(path, gatewayUrl);
    const authorization = `Bearer ${jobKey}`;
    const reply = await request(url, {
      ...{ method, signal, headersTimeout: HEADERS_TIMEOUT_MS, headers: { authorization, ...headers } },
      body: body ?? null,
    });
    if (reply.statusCode < 300) return reply.body;
    const problem = (await reply.body.text()).slice(0, 300);
    throw new HubAnswer(`${method} ${url.pathname} answered ${reply.statusCode}: ${problem}`, reply.statusCode);
  };
  const callJson = async (jobKey: string, args: Call) => (await call(jobKey, args)).json();
  const post = (
    jobKey: string,
    path: string,
    json: object,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ) =>
    callJson(jobKey, {
      method: 'POST',
      path,
      body: JSON.stringify(json),
      headers: { 'content-type': 'application/json', ...headers },
      signal,
    });

  return {
    async download(mount, jobKey, directory, signal) {
      const base = `/v1/repositories/${encodeURIComponent(mount.repositoryId)}/files`;
      const query = `revision=${encodeURIComponent(mount.revision)}`;
      for (let cursor = ''; ; ) {
        const path = `${base}?${query}&limit=${PAGE_LIMIT}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
        const page = (await persist(clock, signal, () =>
          callJson(jobKey, { method: 'GET', path, signal }),
        )) as FilePage;
        for (const file of page.data) {
          const target = insideOf(directory, file.path);
          await mkdir(dirname(target), { recursive: true });
          const encoded = file.path.split('/').map(encodeURIComponent).join('/');
          await persist(clock, signal, async () => {
            const bytes = await call(jobKey, { method: 'GET', path: `${base}/${encoded}?${query}`, signal });
            await pipeline(bytes, createWriteStream(target, { mode: 0o644 }));
          });
          await requireSha256(target, file.sha256);
        }
        if (!page.has_more || page.next_cursor == null) return;
        cursor = page.next_cursor;
      }
    },
    async publish(mount, jobKey, directory, requestKey, signal) {
      const base = `/v1/repositories/${encodeURIComponent(mount.repositoryId)}`;
      const files: { path: string; sha256: string; size_bytes: string }[] = [];
      for (const path of await listFiles(directory)) {
        const full = join(directory, path);
        const [sha256, { size }] = await Promise.all([sha256Of(full), stat(full)]);
        const blob = { sha256, size_bytes: String(size) };
        await persist(clock, signal, async () => {
          // Asked anew at each try: what an earlier one sent is kept.
          const grant = (await post(jobKey, `${base}/uploads`, blob, signal)) as UploadGrant;
          if (grant.is_complete) return;
          const offset = Number(grant.offset_bytes);
          const headers = { 'upload-offset': String(offset), 'content-type': 'application/octet-stream' };
          const body = createReadStream(full, { start: offset });
          await (await call(jobKey, { method: 'PATCH', path: grant.url, body, headers, signal })).dump();
        });
        files.push({ path, sha256, size_bytes: String(size) });
      }
      if (files.length === 0) return undefined;
      const commit = { message: `Output of ${requestKey}`, files };
      const once = { 'idempotency-key': requestKey };
      const answer = await persist(clock, signal, () => post(jobKey, `${base}/commits`, commit, signal, once));
      return (answer as { revision: string }).revision;
    },
  };
}

type FilePage = { data: { path: string; sha256: string }[]; has_more: boolean; next_cursor?: string | null };
type UploadGrant = { is_complete: boolean; url: string; offset_bytes: string };

/** A path from the hub must stay below the directory, whatever it says. */
function insideOf(directory: string, path: string): string {
  const target = resolve(directory, path);
  if (!target.startsWith(resolve(directory) + sep)) throw new Error(`file path ${path} leaves its mount`);
  return target;
}

async function requireSha256(file: string, want: string): Promise<void> {
  if ((await sha256Of(file)) !== want)
    throw new Error('a downloaded file does not have the SHA-256 that its revision names');
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Regular files only: a link could lead out of the task's directory. */
async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  if (files.length > MAX_OUTPUT_FILES) throw new Error(`more than ${MAX_OUTPUT_FILES} files in an output mount`);
  return files.sort();
}
