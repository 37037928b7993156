import type { FastifyReply, FastifyRequest } from 'fastify';
import { resultOfStatus } from '../../../domain/audit/audit-event.ts';
import type { HttpDeps } from '../http-deps.ts';
import { pathOf } from '../request-context.ts';

/** Before every change: its row. When the row cannot be written, the change is not tried. */
export function auditHook(deps: HttpDeps) {
  return async (request: FastifyRequest): Promise<void> => {
    const { audit } = request.routeOptions.config;
    const { principal } = request;
    if (typeof audit !== 'string' || principal === undefined) return;
    const auditId = deps.ids.next('aud');
    const { accountId, workspaceId, principalId } = principal.tenant;
    await deps.stores.audit.insert({
      auditId,
      accountId,
      workspaceId,
      principalId,
      keyId: principal.keyId,
      action: audit,
      resource: pathOf(request),
      ip: request.ip,
      requestId: request.id,
      result: 'started',
      createdAt: deps.clock.now(),
    });
    request.auditId = auditId;
  };
}

/** After it: how it ended. */
export async function finishAudit(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { auditId, problemCode } = request;
  if (auditId === undefined) return;
  request.auditId = undefined;
  const httpStatus = reply.statusCode;
  try {
    await deps.stores.audit.finish(auditId, {
      result: resultOfStatus(httpStatus),
      httpStatus,
      ...(problemCode !== undefined && { problemCode }),
    });
  } catch (error) {
    request.log.error({ auditId, httpStatus, error: String(error) }, 'end of a change not recorded');
  }
}
