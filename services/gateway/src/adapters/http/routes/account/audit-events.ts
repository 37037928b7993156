import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { principalOf } from '../../request-context.ts';
import { listOf, pageOnly } from '../../schemas.ts';
import { auditEventView, toAuditEventView } from './views.ts';

export const auditEventRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/audit-events',
    {
      schema: {
        tags: ['account'],
        summary: 'Who tried to change what, and how it ended; newest first',
        querystring: pageOnly,
        response: { 200: listOf(auditEventView) },
      },
      config: { access: { scope: 'account:read', caller: 'any' } },
    },
    async (request) => {
      const page = await deps.stores.audit.list(principalOf(request).tenant.accountId, pageWish(request.query));
      return ownList(page, ({ auditId: id, createdAt }) => ({ id, createdAt }), toAuditEventView);
    },
  );
};
