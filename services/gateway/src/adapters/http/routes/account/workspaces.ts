import { z } from 'zod';
import { createWorkspace } from '../../../../app/workspaces/create-workspace.ts';
import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParams, listOf, name, noQuery, pageOnly } from '../../schemas.ts';
import { toWorkspaceView, workspaceView } from './views.ts';

const tags = ['account'];

export const workspaceRoutes: Routes = (app, deps) => {
  app.post(
    '/v1/workspaces',
    {
      schema: {
        tags,
        summary: 'Make a workspace',
        body: z.strictObject({ name }),
        querystring: noQuery,
        response: { 201: workspaceView },
      },
      config: { access: { scope: 'account:write' }, audit: 'workspace.create' },
    },
    async (request, reply) => {
      const workspace = valueOf(await createWorkspace(deps.commands, contextOf(request), request.body));
      return reply
        .code(201)
        .header('location', `/v1/workspaces/${workspace.workspaceId}`)
        .send(toWorkspaceView(workspace));
    },
  );

  app.get(
    '/v1/workspaces',
    {
      schema: {
        tags,
        summary: 'Workspaces of the account',
        querystring: pageOnly,
        response: { 200: listOf(workspaceView) },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const { accountId } = principalOf(request).tenant;
      const page = await deps.stores.workspaces.list(accountId, pageWish(request.query));
      return ownList(page, ({ workspaceId: id, createdAt }) => ({ id, createdAt }), toWorkspaceView);
    },
  );

  app.get(
    '/v1/workspaces/:id',
    {
      schema: {
        tags,
        summary: 'One workspace',
        params: idParams,
        querystring: noQuery,
        response: { 200: workspaceView },
      },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const workspace = await deps.stores.workspaces.get(principalOf(request).tenant.accountId, request.params.id);
      if (workspace === undefined) throw problem('workspace_not_found');
      return toWorkspaceView(workspace);
    },
  );
};
