import { z } from 'zod';
import type { Routes } from '../../create-http-app.ts';
import { principalOf } from '../../request-context.ts';
import { instant, noQuery, toRfc3339 } from '../../schemas.ts';

const tokenView = z.object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_at: instant });

export const tokenRoutes: Routes = (app, deps) => {
  app.post(
    '/v1/tokens',
    {
      schema: {
        tags: ['account'],
        summary: 'Exchange the key for a token of minutes, for the gRPC packages',
        body: z.strictObject({}).nullish(),
        querystring: noQuery,
        response: { 200: tokenView },
      },
      // Nothing is changed: a token only says for minutes what the key says anyway.
      config: { access: { scope: 'account:read', caller: 'any' }, audit: false },
    },
    async (request) => {
      const { token, expiresAt } = await deps.tokens.tokenFor(principalOf(request));
      return { access_token: token, token_type: 'Bearer' as const, expires_at: toRfc3339(expiresAt) };
    },
  );
};
