import { z } from 'zod';
import type { Routes } from '../../create-http-app.ts';
import { CALL_ATTEMPTS, COMMAND_DEADLINE_MS, MAX_WEBHOOK_BYTES } from '../../limits.ts';
import { noQuery } from '../../schemas.ts';

const NEVER = new AbortController().signal;
const SIGNATURE = 'stripe-signature';
const MAX_SIGNATURE_CHARS = 4_096;

/** The door of payment providers. What comes in is passed on byte by byte: billing alone can tell whether it is true. */
export const providerWebhookRoutes: Routes = async (app, deps) => {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_WEBHOOK_BYTES }, (_request, body, next) =>
      next(null, body),
    );
    scope.post(
      '/webhooks/stripe',
      {
        schema: {
          tags: ['platform'],
          summary: 'News from Stripe, signed by it',
          querystring: noQuery,
          response: { 200: z.object({ received: z.literal(true) }) },
        },
        bodyLimit: MAX_WEBHOOK_BYTES,
        // Who sent it is proven by the signature; what it changes is in the ledger.
        config: { access: 'public', audit: false },
      },
      async (request) => {
        const signature = request.headers[SIGNATURE];
        const known = typeof signature === 'string' && signature.length <= MAX_SIGNATURE_CHARS ? signature : '';
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        await deps.services.providerWebhooks.receiveProviderWebhook(
          { channel: 'stripe', body, headers: { [SIGNATURE]: known } },
          {
            ctx: { correlationId: request.id, signal: NEVER },
            deadlineMs: COMMAND_DEADLINE_MS,
            retryUnavailable: { attempts: CALL_ATTEMPTS },
          },
        );
        return { received: true as const };
      },
    );
    done();
  });
};
