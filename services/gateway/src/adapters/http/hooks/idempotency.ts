import { hashBody } from '@suanli/postgres';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { beginIdempotent } from '../../../app/idempotency/idempotency.ts';
import type { StoredAnswer } from '../../../app/idempotency/ports.ts';
import type { HttpDeps } from '../http-deps.ts';
import { problem } from '../problems/problem.ts';
import { deriveCommandId, pathOf, principalOf, tenantKeyOf } from '../request-context.ts';

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;
const KEPT_HEADERS = ['content-type', 'location'] as const;

/** Before the handler of every POST: the command's id, and the answer of an earlier try when there is one. */
export function beginHook(deps: HttpDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const key = request.headers['idempotency-key'];
    request.commandId = deps.ids.next('req');
    if (request.method !== 'POST' || key === undefined || request.principal === undefined) return undefined;
    if (typeof key !== 'string' || !KEY_FORM.test(key)) throw problem('invalid_idempotency_key');
    const principal = principalOf(request);
    // The answer may hold a secret: who made the request is a part of what was asked, so nobody else gets it replayed.
    const bodySha256 = hashBody({ keyId: principal.keyId, body: request.body, query: request.query });
    const record = { tenant: tenantKeyOf(principal), route: `POST ${pathOf(request)}`, key };
    request.commandId = deriveCommandId(record.tenant, record.route, key);
    const begun = await beginIdempotent(deps.idempotency, record, bodySha256);
    switch (begun.kind) {
      case 'refused':
        throw problem(
          begun.reason,
          undefined,
          begun.reason === 'idempotency_key_in_flight' ? { headers: { 'retry-after': '1' } } : {},
        );
      case 'replay':
        return replay(reply, begun.answer);
      case 'begun':
        request.claim = begun.claim;
        return undefined;
      default:
        return begun satisfies never;
    }
  };
}

function replay(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).header('idempotency-replayed', 'true').send(answer.body);
}

/** After the handler: keeps the answer, or frees the key when nothing was done. */
export async function finishClaim(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  const { claim } = request;
  if (claim === undefined) return;
  request.claim = undefined;
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  try {
    await claim.finish({ status: reply.statusCode, headers, body: typeof payload === 'string' ? payload : '' });
  } catch (error) {
    // The effect has its own record: a later try under the same key finds it there once the claim has run out.
    request.log.warn({ error: String(error) }, 'answer not kept for replay');
  }
}
