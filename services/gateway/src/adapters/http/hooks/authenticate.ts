import type { FastifyReply, FastifyRequest } from 'fastify';
import { decideAccess } from '../../../domain/access/decide-access.ts';
import type { RateDecision } from '../../../domain/rate-limit/token-bucket.ts';
import type { HttpDeps } from '../http-deps.ts';
import { problem } from '../problems/problem.ts';

const WINDOW_MS = 60_000;
const BEARER = /^bearer +([^ ]+) *$/i;

/** Finds the caller, checks the route's rule, takes one request out of the key's bucket. In this order: 401, 429, 403. */
export function authenticateHook(deps: HttpDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { access } = request.routeOptions.config;
    if (access === 'public' || access === undefined) return;
    const secret = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const found = await deps.authenticate(secret);
    if (found.kind === 'refused') {
      request.log.info({ reason: found.reason }, 'key refused');
      throw problem('invalid_api_key', undefined, { headers: { 'www-authenticate': 'Bearer realm="suanli"' } });
    }
    const { principal } = found;
    request.principal = principal;
    const policy = { quota: principal.requestsPerMinute, windowMs: WINDOW_MS };
    const taken = await deps.limiter.take(principal.keyId, policy);
    reply.headers(limitHeaders(policy.quota, taken));
    if (!taken.isAllowed) {
      throw problem('rate_limited', undefined, {
        headers: { 'retry-after': String(Math.ceil(taken.retryAfterMs / 1000)) },
      });
    }
    const decision = decideAccess(principal, access);
    if (decision.kind === 'refused') {
      const detail = decision.reason === 'scope_missing' ? `The key lacks ${access.scope}` : undefined;
      throw problem(decision.reason, detail);
    }
  };
}

/** Names of draft-ietf-httpapi-ratelimit-headers: quota, window (s), remaining, time until full (s). */
function limitHeaders(quota: number, taken: RateDecision): Record<string, string> {
  return {
    'ratelimit-policy': `"requests";q=${quota};w=${WINDOW_MS / 1000}`,
    ratelimit: `"requests";r=${taken.remaining};t=${Math.ceil(taken.resetMs / 1000)}`,
  };
}
