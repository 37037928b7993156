import type { Clock, IdSource, Logger } from '@suanli/kernel';
import type { Authentication } from '../../app/keys/authenticate.ts';
import type { IdempotencyDeps } from '../../app/idempotency/idempotency.ts';
import type { CommandDeps, GatewayStores } from '../../app/ports.ts';
import type { TokenMinter } from '../../app/tokens/token-minter.ts';
import type { Jwk } from '../../app/tokens/signing-keys.ts';
import type { InferenceDeps } from '../../app/inference/open-call.ts';
import type { RateLimiter } from '../../app/rate-limiter.ts';
import type { WebhookDeps } from '../../app/webhooks/ports.ts';
import type { Downstream } from '../grpc/downstream.ts';
import type { StreamRegistry } from './sse/stream-registry.ts';

/** What the routes and hooks of the public listener work with. */
export type HttpDeps = {
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  publicUrl: string;
  trustedProxies: readonly string[];
  defaultRequestsPerMinute: number;
  authenticate: (secret: string) => Promise<Authentication>;
  limiter: RateLimiter;
  idempotency: IdempotencyDeps;
  commands: CommandDeps;
  /** Outside of transactions. */
  stores: GatewayStores;
  tokens: TokenMinter;
  publicKeys: () => Jwk[];
  services: Downstream;
  inference: InferenceDeps;
  webhooks: WebhookDeps;
  streams: StreamRegistry;
  observe: (request: { method: string; route: string; status: number; durationMs: number }) => void;
};
