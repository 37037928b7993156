import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from '../json-file.ts';

/** 1,000 yuan: some eighty hours of the dearest GPU. */
const FIRST_BALANCE_MICROS = '1000000000';
const REQUEST_TIMEOUT_MS = 30_000;

/** A tenant to try the platform with. */
export type Developer = { accountId: string; apiKey: string };
type Door = { url: string; operatorKey: string; dir: string };

/** The developer tenant of this folder: the remembered one while its key is good, else a new one with a balance. */
export async function ensureDeveloper(door: Door): Promise<Developer & { isNew: boolean }> {
  const file = join(door.dir, 'developer.json');
  const known = await readJson<Developer>(file);
  if (known !== undefined && (await isKnown(door.url, known.apiKey))) return { ...known, isNew: false };
  const opened = await call<{ account: { id: string }; api_key: { secret: string } }>(door.url, {
    path: '/v1/accounts',
    key: door.operatorKey,
    body: { name: 'developer', owner_name: 'Developer' },
  });
  const developer = { accountId: opened.account.id, apiKey: opened.api_key.secret };
  await call(door.url, {
    path: '/v1/recharges',
    key: developer.apiKey,
    body: { channel: 'development', amount_micros: FIRST_BALANCE_MICROS, currency: 'CNY' },
  });
  await writeJson(file, developer);
  return { ...developer, isNew: true };
}

async function isKnown(url: string, key: string): Promise<boolean> {
  const answer = await send(url, { path: '/v1/wallet', key });
  if (answer.status === 401) return false; // The database was begun anew.
  if (!answer.ok) throw new Error(`GET /v1/wallet answered ${answer.status}: ${await answer.text()}`);
  return true;
}

type Request = { path: string; key: string; body?: object };

async function call<T>(url: string, request: Request): Promise<T> {
  const answer = await send(url, request);
  if (!answer.ok) throw new Error(`POST ${request.path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

function send(url: string, { path, key, body }: Request): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (body === undefined) return fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = randomUUID();
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
}
