import { z } from 'zod';
import type { Routes } from '../../create-http-app.ts';

const JWKS_MAX_AGE_SECONDS = 60;

/** What everyone may ask without a key. */
export const platformRoutes: Routes = (app, deps) => {
  app.get('/', { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) => reply.redirect('/docs'));

  app.get(
    '/healthz',
    {
      schema: {
        tags: ['platform'],
        summary: 'The gateway answers',
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
      config: { access: 'public' },
    },
    () => ({ status: 'ok' as const }),
  );

  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        tags: ['platform'],
        summary: 'Public keys of the tokens that services accept',
        response: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
      },
      config: { access: 'public' },
    },
    (_request, reply) => {
      void reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`);
      return { keys: deps.publicKeys() };
    },
  );
};
