import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a platform is and whose key opens it. */
export type Target = { url: string; apiKey: string };

export type Ask = {
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Names one wish: however often it is sent, it has its effect once. Made up when absent. */
  idempotencyKey?: string;
};

/** Public REST, as any program of a customer uses it. */
export type Api = {
  target: Target;
  get<T>(path: string, ask?: Ask): Promise<T>;
  post<T>(path: string, body?: object, ask?: Ask): Promise<T>;
  /** Whatever comes back, problems too; only a platform that is not there is waited for. */
  send(method: string, path: string, ask?: Ask): Promise<Response>;
  /** All items of a list, over its pages. */
  list<T>(path: string): Promise<T[]>;
};

const ATTEMPT_TIMEOUT_MS = 30_000;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Not there now, or busy: the same request may be sent again. */
const TRY_AGAIN = new Set([429, 502, 503, 504]);
/** With Retry-After: our own request, cut off by a restart, may still be under way. */
const CONFLICT = 409;

/** An answer that is not the one that was hoped for. */
export class Refused extends Error {
  override name = 'Refused';
  readonly status: number;
  readonly body: string;
  constructor(what: string, status: number, body: string) {
    super(`${what} answered ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }
}

/** `patienceMs`: how long a request is repeated while the platform, or a part of it, is away. */
export function createApi(target: Target, patienceMs: number): Api {
  const send = async (method: string, path: string, ask: Ask = {}): Promise<Response> => {
    const url = new URL(path, target.url);
    const init = { method, ...contentOf(target, method, ask) };
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const outcome = await attempt(url, init, ask.signal);
      if (outcome instanceof Response && !isPassing(outcome)) return outcome;
      if (performance.now() > giveUpAt || ask.signal?.aborted) {
        if (outcome instanceof Response) return outcome;
        throw new Error(`${method} ${path} found nobody: ${reasonOf(outcome)}`, { cause: outcome });
      }
      await delay(pauseOf(outcome), undefined, ask.signal ? { signal: ask.signal } : {});
    }
  };
  const read = async <T>(method: string, path: string, ask: Ask): Promise<T> => {
    const answer = await send(method, path, ask);
    if (!answer.ok) throw new Refused(`${method} ${path}`, answer.status, await answer.text());
    return (await answer.json()) as T;
  };
  const get = <T>(path: string, ask: Ask = {}) => read<T>('GET', path, ask);
  return {
    target,
    send,
    get,
    post: (path, body, ask = {}) => read('POST', path, { ...ask, body: body ?? {} }),
    async list<T>(path: string) {
      const items: T[] = [];
      const mark = path.includes('?') ? '&' : '?';
      for (let cursor = ''; ; ) {
        const page = await get<Page<T>>(`${path}${mark}limit=200${cursor}`);
        items.push(...page.data);
        if (!page.has_more) return items;
        cursor = `&cursor=${encodeURIComponent(page.next_cursor ?? '')}`;
      }
    },
  };
}

type Page<T> = { data: T[]; has_more: boolean; next_cursor?: string };

async function attempt(url: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Response | Error> {
  // Only the head of an answer is bounded: its body may be a stream.
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(new Error(`no answer in ${ATTEMPT_TIMEOUT_MS} ms`)), ATTEMPT_TIMEOUT_MS);
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any([tooLong.signal, ...(signal ? [signal] : [])]) });
  } catch (error) {
    return error as Error;
  } finally {
    clearTimeout(timer);
  }
}

function contentOf(target: Target, method: string, { body, headers, idempotencyKey }: Ask): RequestInit {
  const all: Record<string, string> = { authorization: `Bearer ${target.apiKey}` };
  if (method === 'POST') all['idempotency-key'] = idempotencyKey ?? randomUUID();
  if (body === undefined) return { headers: { ...all, ...headers } };
  if (body instanceof Uint8Array) return { headers: { ...all, ...headers }, body: Buffer.from(body) };
  return { headers: { ...all, 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function isPassing({ status, headers }: Response): boolean {
  return TRY_AGAIN.has(status) || (status === CONFLICT && headers.has('retry-after'));
}

function pauseOf(outcome: Response | Error): number {
  const seconds = outcome instanceof Response ? Number(outcome.headers.get('retry-after') ?? 0) : 0;
  return Math.min(Math.max(seconds * 1_000, PAUSE_MS), LONGEST_PAUSE_MS);
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
