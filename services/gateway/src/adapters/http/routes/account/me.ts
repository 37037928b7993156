import { z } from 'zod';
import type { Routes } from '../../create-http-app.ts';
import { principalOf } from '../../request-context.ts';
import { noQuery } from '../../schemas.ts';

const meResponse = z.object({
  kind: z.enum(['member', 'job', 'operator']),
  key_id: z.string(),
  account_id: z.string().optional(),
  workspace_id: z.string().optional(),
  member_id: z.string().optional(),
  role: z.string(),
  scopes: z.array(z.string()),
  requests_per_minute: z.number(),
});

export const meRoutes: Routes = (app) => {
  app.get(
    '/v1/me',
    {
      schema: {
        tags: ['account'],
        summary: 'Who the key stands for',
        querystring: noQuery,
        response: { 200: meResponse },
      },
      config: { access: { scope: 'account:read', caller: 'any' } },
    },
    (request) => {
      const { kind, keyId, tenant, memberId, role, scopes, requestsPerMinute } = principalOf(request);
      return {
        kind,
        key_id: keyId,
        ...(tenant.accountId !== '' && { account_id: tenant.accountId, workspace_id: tenant.workspaceId }),
        ...(memberId !== undefined && { member_id: memberId }),
        role,
        scopes: [...scopes],
        requests_per_minute: requestsPerMinute,
      };
    },
  );
};
