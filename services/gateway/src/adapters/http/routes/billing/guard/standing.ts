import type { Standing } from '@suanli/proto/suanli/billing/v1/standing.ts';
import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { idParams, instant, noQuery } from '../../../schemas.ts';
import { present } from '../../present.ts';

const tags = ['billing'];
const STATES = ['ok', 'warned', 'grace', 'suspended', 'deleting'] as const;

const standingView = z.object({
  account_id: z.string(),
  state: z.enum(STATES).meta({ description: '`suspended`: nothing new begins, what runs is stopped' }),
  reason: z.string().meta({ example: 'balance_exhausted' }),
  since: instant.optional(),
  next_at: instant.optional().meta({ description: 'When the next step comes unless money comes first' }),
  is_frozen: z.boolean().meta({ description: 'By the operator' }),
});

function toStandingView(standing: Standing): z.infer<typeof standingView> {
  const { accountId, state, reason, since, nextAt, isFrozen } = standing;
  return {
    account_id: accountId,
    state: state as (typeof STATES)[number],
    reason,
    ...(since !== undefined && { since: since.toISOString() }),
    ...(nextAt !== undefined && { next_at: nextAt.toISOString() }),
    is_frozen: isFrozen,
  };
}

/** How accounts stand that should pay, and the operator's brake. */
export const standingRoutes: Routes = (app, deps) => {
  const { standing: billing } = deps.services;

  app.get(
    '/v1/standing',
    {
      schema: {
        tags,
        summary: 'How the account stands: in arrears, suspended, frozen',
        querystring: noQuery,
        response: { 200: standingView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { standing } = await billing.getStanding({ accountId: '' }, await reading(deps, request));
      return toStandingView(present(standing));
    },
  );

  app.get(
    '/v1/accounts/:id/standing',
    {
      schema: {
        tags,
        summary: 'How any account stands',
        params: idParams,
        querystring: noQuery,
        response: { 200: standingView },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const { standing } = await billing.getStanding({ accountId: request.params.id }, await reading(deps, request));
      return toStandingView(present(standing));
    },
  );

  app.post(
    '/v1/accounts/:id/freeze',
    {
      schema: {
        tags,
        summary: 'Refuse every new hold and payment of an account; what runs goes on',
        params: idParams,
        querystring: noQuery,
        response: { 200: standingView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'account.freeze' },
    },
    async (request) => {
      const answer = await billing.freezeAccount({ accountId: request.params.id }, await commanding(deps, request));
      return toStandingView(present(answer.standing));
    },
  );

  app.post(
    '/v1/accounts/:id/unfreeze',
    {
      schema: {
        tags,
        summary: 'Let a frozen account work again',
        params: idParams,
        querystring: noQuery,
        response: { 200: standingView },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'account.unfreeze' },
    },
    async (request) => {
      const answer = await billing.unfreezeAccount({ accountId: request.params.id }, await commanding(deps, request));
      return toStandingView(present(answer.standing));
    },
  );
};
