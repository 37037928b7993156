import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idOrName, listOf, noQuery, pageQuery } from '../../schemas.ts';
import { parkedView, toParkedView } from './price-views.ts';

const tags = ['billing'];
const MAX_REPLAY = 200;
const parkedQuery = z.strictObject({
  ...pageQuery,
  reason: z.string().max(100).optional(),
  account_id: idOrName.optional(),
  source_id: idOrName.optional(),
});
const replayBody = z.strictObject({
  usage_ids: z
    .array(z.string().min(1).max(500))
    .max(MAX_REPLAY)
    .default([])
    .meta({ description: 'Empty: all, 200 at a time' }),
});

/** For operators: usage that could not be rated, why, and another try. */
export const parkedUsageRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/admin/parked-usage',
    {
      schema: {
        tags,
        summary: 'Usage that waits to be rated, and for what',
        querystring: parkedQuery,
        response: { 200: listOf(parkedView) },
      },
      config: { access: { scope: 'billing:read', caller: 'operator' } },
    },
    async (request) => {
      const { reason = '', account_id: accountId = '', source_id: sourceId = '' } = request.query;
      const wish = { page: pageRequest(request.query), reason, accountId, sourceId };
      const { usages, page } = await deps.services.usage.listParkedUsage(wish, await reading(deps, request));
      return serviceList(usages, page, toParkedView);
    },
  );

  app.post(
    '/v1/admin/parked-usage/replay',
    {
      schema: {
        tags,
        summary: 'Rate parked usage again, once its cause is gone',
        body: replayBody,
        querystring: noQuery,
        response: {
          200: z.object({
            rated_count: z.number(),
            still_parked: z.array(z.object({ usage_id: z.string(), reason: z.string() })),
          }),
        },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'usage.replay' },
    },
    async (request) => {
      const wish = { usageIds: request.body.usage_ids };
      const answer = await deps.services.usage.replayParkedUsage(wish, await commanding(deps, request));
      return {
        rated_count: answer.ratedCount,
        still_parked: answer.stillParked.map(({ usageId, reason }) => ({ usage_id: usageId, reason })),
      };
    },
  );
};
