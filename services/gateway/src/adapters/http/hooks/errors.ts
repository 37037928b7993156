import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AllowedMethods } from '../allowed-methods.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';
import { problemFromError } from '../problems/from-error.ts';
import { problem, type ProblemError, renderProblem } from '../problems/problem.ts';
import { pathOf } from '../request-context.ts';

/** Every error of every route ends here, as `application/problem+json`. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = problemFromError(error);
  logProblem(found, request);
  return sendProblem(found, request, reply);
}

/** No route: either the path is wrong, or only the method. */
export function handleNotFound(methods: AllowedMethods, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const allowed = methods.at(pathOf(request));
  if (allowed.length === 0) return sendProblem(problem('route_not_found'), request, reply);
  const headers = { allow: allowed.join(', ') };
  return sendProblem(problem('method_not_allowed', undefined, { headers }), request, reply);
}

export function sendProblem(found: ProblemError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = renderProblem(found, { instance: pathOf(request), requestId: request.id });
  request.problemCode = found.code;
  reply.header('x-request-id', request.id);
  if (body.status === 503) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  reply.headers(found.extras.headers ?? {});
  // As text: an answer's schema describes success, problems do not pass through it.
  return reply.code(body.status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}

function logProblem(found: ProblemError, request: FastifyRequest): void {
  const fields = { code: found.code, err: found.cause };
  if (found.code === 'internal_error') request.log.error(fields, 'request failed');
  else if (found.code === 'service_unavailable' || found.code === 'deadline_exceeded') {
    request.log.warn(fields, 'a part of the platform is not there');
  }
}
