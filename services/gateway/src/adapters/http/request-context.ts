import { createHash } from 'node:crypto';
import type { CallContext } from '@suanli/kernel';
import type { FastifyRequest } from 'fastify';
import type { HeldClaim } from '../../app/idempotency/idempotency.ts';
import type { AccessRule } from '../../domain/access/decide-access.ts';
import type { Principal } from '../../domain/key/principal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. A route without it is not served. */
    access?: AccessRule | 'public';
    /** Name of the change in the audit log, `job.create`; on every route that changes something, unless it says false. */
    audit?: string | false;
    /** Bodies or answers without end: no time limit on the handler. */
    isStreaming?: boolean;
  }
  interface FastifyRequest {
    principal: Principal | undefined;
    /** Names the command to the service that has the effect. The same for every try under one Idempotency-Key. */
    commandId: string;
    claim: HeldClaim | undefined;
    auditId: string | undefined;
    problemCode: string | undefined;
    /** Aborts when the caller has gone. Fastify's own `signal` aborts as soon as a body has been read. */
    left: AbortSignal;
  }
}

/** The caller of an authenticated route. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw new Error(`${request.url} was served without a caller`);
  return request.principal;
}

/** The first argument of use cases. */
export function contextOf(request: FastifyRequest): CallContext {
  const { tenant, role, scopes } = principalOf(request);
  return { tenant, role, scopes, requestId: request.commandId, correlationId: request.id, signal: request.left };
}

/** Path without query. */
export function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf('?');
  return end === -1 ? request.url : request.url.slice(0, end);
}

/** The account, or the operator's name: what idempotency keys belong to. */
export function tenantKeyOf({ tenant }: Principal): string {
  return tenant.accountId === '' ? tenant.principalId : `${tenant.accountId}/${tenant.workspaceId}`;
}

/** One id for all tries of a request: the same after a crash, at any replica. */
export function deriveCommandId(tenant: string, route: string, idempotencyKey: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([tenant, route, idempotencyKey]))
    .digest('base64url');
  return `req_${digest}`;
}
