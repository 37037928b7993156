import { z } from 'zod';
import { addMember } from '../../../../app/members/add-member.ts';
import { changeMember } from '../../../../app/members/change-member.ts';
import { MEMBER_ROLES } from '../../../../domain/access/scopes.ts';
import type { Routes } from '../../create-http-app.ts';
import { ownList, pageWish } from '../../paging.ts';
import { problem, valueOf } from '../../problems/problem.ts';
import { contextOf, principalOf } from '../../request-context.ts';
import { idParams, listOf, name, noQuery, pageOnly } from '../../schemas.ts';
import { memberView, toMemberView } from './views.ts';

const tags = ['account'];
const role = z.enum(MEMBER_ROLES);
const addBody = z.strictObject({ name, email: z.email().max(254).optional(), role });

export const memberRoutes: Routes = (app, deps) => {
  app.post(
    '/v1/members',
    {
      schema: { tags, summary: 'Add a member', body: addBody, querystring: noQuery, response: { 201: memberView } },
      config: { access: { scope: 'account:write' }, audit: 'member.add' },
    },
    async (request, reply) => {
      const { email, ...rest } = request.body;
      const command = { ...rest, ...(email !== undefined && { email }) };
      const member = valueOf(await addMember(deps.commands, contextOf(request), command));
      return reply.code(201).header('location', `/v1/members/${member.memberId}`).send(toMemberView(member));
    },
  );

  app.get(
    '/v1/members',
    {
      schema: { tags, summary: 'Members of the account', querystring: pageOnly, response: { 200: listOf(memberView) } },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const page = await deps.stores.members.list(principalOf(request).tenant.accountId, pageWish(request.query));
      return ownList(page, ({ memberId: id, createdAt }) => ({ id, createdAt }), toMemberView);
    },
  );

  app.get(
    '/v1/members/:id',
    {
      schema: { tags, summary: 'One member', params: idParams, querystring: noQuery, response: { 200: memberView } },
      config: { access: { scope: 'account:read' } },
    },
    async (request) => {
      const member = await deps.stores.members.get(principalOf(request).tenant.accountId, request.params.id);
      if (member === undefined) throw problem('member_not_found');
      return toMemberView(member);
    },
  );

  app.patch(
    '/v1/members/:id',
    {
      schema: {
        tags,
        summary: 'Give a member another role',
        params: idParams,
        querystring: noQuery,
        body: z.strictObject({ role }),
        response: { 200: memberView },
      },
      config: { access: { scope: 'account:write' }, audit: 'member.change_role' },
    },
    async (request) => {
      const change = { kind: 'role', role: request.body.role } as const;
      return toMemberView(valueOf(await changeMember(deps.commands, contextOf(request), request.params.id, change)));
    },
  );

  app.delete(
    '/v1/members/:id',
    {
      schema: {
        tags,
        summary: 'Remove a member and revoke their keys',
        params: idParams,
        querystring: noQuery,
        response: { 204: z.null() },
      },
      config: { access: { scope: 'account:write' }, audit: 'member.remove' },
    },
    async (request, reply) => {
      valueOf(await changeMember(deps.commands, contextOf(request), request.params.id, { kind: 'removal' }));
      return reply.code(204).send(null);
    },
  );
};
