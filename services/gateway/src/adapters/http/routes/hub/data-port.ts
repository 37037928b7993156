import type { FastifyReply, FastifyRequest } from 'fastify';
import { request as send } from 'undici';
import { DATA_HEADERS_TIMEOUT_MS, DATA_IDLE_TIMEOUT_MS } from '../../limits.ts';
import type { ProblemCode } from '../../problems/catalogue.ts';
import { problem, ProblemError } from '../../problems/problem.ts';

type Answer = Awaited<ReturnType<typeof send>>;

/** Codes of the hub's data port that are the customer's business. Its URLs are ours: a bad one is our own fault. */
const CODES: Readonly<Record<string, ProblemCode>> = {
  upload_not_found: 'upload_not_found',
  upload_offset_mismatch: 'upload_offset_mismatch',
  upload_too_long: 'upload_too_long',
  upload_too_fragmented: 'upload_too_fragmented',
  hash_mismatch: 'hash_mismatch',
  blob_not_found: 'file_not_found',
  range_not_satisfiable: 'range_not_satisfiable',
};
const UPLOAD_HEADERS = ['upload-offset', 'upload-length', 'upload-complete'];
const FILE_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'content-disposition',
  'etag',
  'accept-ranges',
];
const ASKED_HEADERS = ['range', 'if-range', 'if-none-match'];
const MAX_PROBLEM_CHARS = 4_096;

/** Streams a piece of an upload to the hub as it arrives; nothing of it is kept here. */
export async function sendToDataPort(request: FastifyRequest, reply: FastifyReply, url: string): Promise<FastifyReply> {
  const { raw } = request;
  const { socket } = raw; // The request lets go of it when its body has been read.
  const length = request.headers['content-length'];
  raw.setTimeout(DATA_IDLE_TIMEOUT_MS, () => raw.destroy(new Error('the sender fell silent')));
  try {
    const answer = await ask(url, {
      method: 'PATCH',
      body: raw,
      headers: {
        'upload-offset': String(request.headers['upload-offset']),
        'content-type': 'application/octet-stream',
        ...(length !== undefined && { 'content-length': length }),
      },
    });
    if (answer.statusCode >= 400) throw await problemOf(answer, UPLOAD_HEADERS);
    await answer.body.dump();
    return reply.code(204).headers(only(answer, UPLOAD_HEADERS)).send();
  } finally {
    socket.setTimeout(0);
  }
}

/** Streams a file from the hub, whole or in part, as fast as the reader takes it. */
export async function sendFromDataPort(
  request: FastifyRequest,
  reply: FastifyReply,
  url: string,
): Promise<FastifyReply> {
  const asked = ASKED_HEADERS.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const answer = await ask(url, { method, headers: Object.fromEntries(asked), signal: request.left });
  if (answer.statusCode >= 400) throw await problemOf(answer, ['content-range']);
  reply.code(answer.statusCode).headers({ ...only(answer, FILE_HEADERS), 'cache-control': 'private, no-cache' });
  if (method === 'HEAD' || answer.statusCode === 304) {
    await answer.body.dump();
    return reply.send();
  }
  return reply.send(answer.body);
}

async function ask(url: string, options: Parameters<typeof send>[1]): Promise<Answer> {
  try {
    return await send(url, { headersTimeout: DATA_HEADERS_TIMEOUT_MS, bodyTimeout: DATA_IDLE_TIMEOUT_MS, ...options });
  } catch (error) {
    throw new ProblemError('service_unavailable', undefined, { headers: { connection: 'close' } }, error);
  }
}

async function problemOf(answer: Answer, kept: readonly string[]): Promise<ProblemError> {
  const text = (await answer.body.text()).slice(0, MAX_PROBLEM_CHARS);
  const said = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? '';
  const fallback = answer.statusCode === 503 ? 'service_unavailable' : 'internal_error';
  const headers = { ...only(answer, kept), connection: 'close' };
  return problem(CODES[said] ?? fallback, undefined, { headers });
}

function only({ headers }: Answer, names: readonly string[]): Record<string, string> {
  const found = names.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}
