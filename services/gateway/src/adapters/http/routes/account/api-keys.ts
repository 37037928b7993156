import { z } from 'zod';
import { issueApiKey } from '../../../../app/keys/issue-api-key.ts';
import { revokeApiKey } from '../../../../app/keys/revoke-api-key.ts';
import { SCOPES } from '../../../../domain/access/scopes.ts';
import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParam, idParams, instantIn, listOf, name, noQuery, pageOnly } from '../../schemas.ts';
import { apiKeyView, newApiKeyView, toApiKeyView } from './views.ts';

const tags = ['account'];
const MAX_REQUESTS_PER_MINUTE = 100_000;

const issueBody = z.strictObject({
  name,
  scopes: z
    .array(z.enum([...SCOPES, '*']))
    .min(1)
    .max(SCOPES.length + 1)
    .default(['*']),
  member_id: idParam.optional().meta({ description: 'Whose key it is; default: yours' }),
  workspace_id: idParam.optional().meta({ description: 'Default: the workspace of your key' }),
  requests_per_minute: z.int().min(1).max(MAX_REQUESTS_PER_MINUTE).optional(),
  expires_at: instantIn.optional(),
});

export const apiKeyRoutes: Routes = (app, deps) => {
  app.post(
    '/v1/api-keys',
    {
      schema: {
        tags,
        summary: 'Make an API key; its secret is shown once',
        body: issueBody,
        querystring: noQuery,
        response: { 201: newApiKeyView },
      },
      config: { access: { scope: 'account:write' }, audit: 'api_key.issue' },
    },
    async (request, reply) => {
      const { body } = request;
      const { tenant, memberId } = principalOf(request);
      const outcome = await issueApiKey(deps.commands, contextOf(request), {
        name: body.name,
        memberId: body.member_id ?? memberId ?? '',
        workspaceId: body.workspace_id ?? tenant.workspaceId,
        scopes: body.scopes,
        requestsPerMinute: body.requests_per_minute ?? deps.defaultRequestsPerMinute,
        ...(body.expires_at !== undefined && { expiresAt: body.expires_at }),
      });
      const { apiKey, secret } = valueOf(outcome);
      return reply
        .code(201)
        .header('location', `/v1/api-keys/${apiKey.keyId}`)
        .send({ ...toApiKeyView(apiKey), secret });
    },
  );

  app.get(
    '/v1/api-keys',
    {
      schema: { tags, summary: 'Keys of the account', querystring: pageOnly, response: { 200: listOf(apiKeyView) } },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const page = await deps.stores.keys.list(principalOf(request).tenant.accountId, pageWish(request.query));
      return ownList(page, ({ keyId: id, createdAt }) => ({ id, createdAt }), toApiKeyView);
    },
  );

  app.get(
    '/v1/api-keys/:id',
    {
      schema: { tags, summary: 'One key', params: idParams, querystring: noQuery, response: { 200: apiKeyView } },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const key = await deps.stores.keys.get(principalOf(request).tenant.accountId, request.params.id);
      if (key === undefined) throw problem('api_key_not_found');
      return toApiKeyView(key);
    },
  );

  app.delete(
    '/v1/api-keys/:id',
    {
      schema: {
        tags,
        summary: 'Revoke a key, for good and at once',
        params: idParams,
        querystring: noQuery,
        response: { 200: apiKeyView },
      },
      config: { access: { scope: 'account:write' }, audit: 'api_key.revoke' },
    },
    async (request) => toApiKeyView(valueOf(await revokeApiKey(deps.commands, contextOf(request), request.params.id))),
  );
};
