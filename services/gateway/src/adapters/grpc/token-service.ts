import { anonymousHandler, grpcError, refuse, resourceExhausted, unary, unauthenticated } from '@suanli/grpc-kit';
import { TokenServiceService, type TokenServiceServer } from '@suanli/proto/suanli/gateway/v1/token.ts';
import type { Authentication } from '../../app/keys/authenticate.ts';
import type { RateLimiter } from '../../app/rate-limiter.ts';
import type { TokenMinter } from '../../app/tokens/token-minter.ts';

export type TokenServiceDeps = {
  authenticate: (secret: string) => Promise<Authentication>;
  limiter: RateLimiter;
  tokens: TokenMinter;
};

const WINDOW_MS = 60_000;

/** A partner's way in: an API key for a token of minutes. Exchanges count against the key's own limit. */
export function tokenService(deps: TokenServiceDeps) {
  const implementation: TokenServiceServer = {
    exchangeApiKey: unary(anonymousHandler(), async (_ctx, { apiKey }) => {
      const found = await deps.authenticate(apiKey);
      if (found.kind === 'refused') return refuse(unauthenticated('INVALID_API_KEY', 'the API key is not valid'));
      const { principal } = found;
      const taken = await deps.limiter.take(principal.keyId, {
        quota: principal.requestsPerMinute,
        windowMs: WINDOW_MS,
      });
      if (!taken.isAllowed) {
        throw grpcError(resourceExhausted('RATE_LIMITED', 'too many requests', { retryAfterMs: taken.retryAfterMs }));
      }
      const { token, expiresAt } = await deps.tokens.tokenFor(principal);
      return { accessToken: token, expiresAt: new Date(expiresAt) };
    }),
  };
  return { definition: TokenServiceService, implementation };
}
