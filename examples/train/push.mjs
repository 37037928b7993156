import { createHash } from 'node:crypto';
import { request } from 'node:http';

const ATTEMPTS = 12;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
const ANSWER_LIMIT_MS = 30_000;

/** The platform as a task sees it: its public REST over a unix socket, with the key that lives as long as the task. */
export function platformOf(env) {
  const { SUANLI_API_SOCKET: socketPath, SUANLI_URL: url, SUANLI_API_KEY: key } = env;
  if (key === undefined || (socketPath === undefined && url === undefined)) return undefined;
  const where = socketPath === undefined ? { host: new URL(url).hostname, port: new URL(url).port } : { socketPath };
  return { where, key };
}

/**
 * Puts one file into a repository: announce, send, commit. Every step may be repeated, so each is until it succeeds; who
 * pushes the same bytes under the same name `once` again gets the same revision.
 */
export async function push(platform, { repository, path, bytes, message, once }) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const base = `/v1/repositories/${encodeURIComponent(repository)}`;
  const blob = { sha256, size_bytes: String(bytes.length) };
  await persist('upload', async () => {
    const upload = await ask(platform, 'POST', `${base}/uploads`, json(blob));
    if (upload.is_complete) return;
    // What an earlier attempt sent is kept: go on from there.
    const fromByte = Number(upload.offset_bytes);
    const headers = { 'upload-offset': String(fromByte), 'content-type': 'application/octet-stream' };
    await ask(platform, 'PATCH', upload.url, { headers, body: bytes.subarray(fromByte) });
  });
  const commit = json({ message, files: [{ path, ...blob }] }, { 'idempotency-key': `${once}-${sha256.slice(0, 16)}` });
  const { revision } = await persist('commit', () => ask(platform, 'POST', `${base}/commits`, commit));
  return { revision, sha256 };
}

function json(value, headers = {}) {
  return { headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify(value)) };
}

/** Says no for good: repeating would not help. */
class Refused extends Error {}

/** Repeats what fails because a part of the platform is away for a while. */
async function persist(what, act) {
  for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt++, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Refused || attempt === ATTEMPTS) throw error;
      console.error(`${what}: ${error.message}; again in ${pauseMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function ask({ where, key }, method, path, { headers, body }) {
  return new Promise((resolve, reject) => {
    const options = { ...where, method, path, timeout: ANSWER_LIMIT_MS };
    const call = request({
      ...options,
      headers: { host: 'suanli', authorization: `Bearer ${key}`, 'content-length': body.length, ...headers },
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`)));
    call.on('error', reject);
    call.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const { statusCode } = response;
        if (statusCode < 300) return resolve(text === '' ? undefined : JSON.parse(text));
        // 409 to a PATCH: another attempt of ours has sent more meanwhile. 409 to a commit: that one is still in flight.
        const isPassing = statusCode >= 500 || statusCode === 409 || statusCode === 429;
        const Failure = isPassing ? Error : Refused;
        reject(new Failure(`${method} ${path} answered ${statusCode}: ${text.slice(0, 500)}`));
      });
    });
    call.end(body);
  });
}
