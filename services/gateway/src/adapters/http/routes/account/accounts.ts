import { z } from 'zod';
import { openAccount } from '../../../../app/accounts/open-account.ts';
import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParams, listOf, name, noQuery, pageOnly } from '../../schemas.ts';
import {
  accountView,
  memberView,
  newApiKeyView,
  toAccountView,
  toApiKeyView,
  toMemberView,
  toWorkspaceView,
  workspaceView,
} from './views.ts';

const tags = ['account'];

const openBody = z.strictObject({ name, owner_name: name, owner_email: z.email().max(254).optional() });
const openedView = z.object({
  account: accountView,
  owner: memberView,
  workspace: workspaceView,
  api_key: newApiKeyView,
});

/** Accounts are opened by the operator; each account sees itself alone. */
export const accountRoutes: Routes = (app, deps) => {
  app.post(
    '/v1/accounts',
    {
      schema: {
        tags,
        summary: 'Open an account, with its owner, a workspace and a first key',
        body: openBody,
        querystring: noQuery,
        response: { 201: openedView },
      },
      config: { access: { scope: 'account:write', caller: 'operator' }, audit: 'account.open' },
    },
    async (request, reply) => {
      const { name: accountName, owner_name: ownerName, owner_email: ownerEmail } = request.body;
      const outcome = await openAccount(deps.commands, contextOf(request), {
        name: accountName,
        ownerName,
        ...(ownerEmail !== undefined && { ownerEmail }),
        requestsPerMinute: deps.defaultRequestsPerMinute,
      });
      const opened = valueOf(outcome);
      return reply
        .code(201)
        .header('location', `/v1/accounts/${opened.account.accountId}`)
        .send({
          account: toAccountView(opened.account),
          owner: toMemberView(opened.owner),
          workspace: toWorkspaceView(opened.workspace),
          api_key: { ...toApiKeyView(opened.apiKey), secret: opened.secret },
        });
    },
  );

  app.get(
    '/v1/accounts',
    {
      schema: {
        tags,
        summary: 'All accounts, newest first',
        querystring: pageOnly,
        response: { 200: listOf(accountView) },
      },
      config: { access: { scope: 'account:read', caller: 'operator' } },
    },
    async (request) => {
      const page = await deps.stores.accounts.list(pageWish(request.query));
      return ownList(page, ({ accountId: id, createdAt }) => ({ id, createdAt }), toAccountView);
    },
  );

  app.get(
    '/v1/accounts/:id',
    {
      schema: { tags, summary: 'One account', params: idParams, querystring: noQuery, response: { 200: accountView } },
      config: { access: { scope: 'account:read', caller: 'any' } },
    },
    async (request) => {
      const { role, tenant } = principalOf(request);
      const { id } = request.params;
      const account = role === 'operator' || tenant.accountId === id ? await deps.stores.accounts.get(id) : undefined;
      if (account === undefined) throw problem('account_not_found');
      return toAccountView(account);
    },
  );
};
