import { env, natsEnv, opsEnv, postgresEnv, processEnv, redisEnv, tlsEnv } from '@suanli/service-kit';
import { z } from 'zod';

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Everything that this service reads from its environment. */
export const gatewayEnv = z.object({
  ...processEnv,
  HTTP_ADDRESS: env.address('Public listener: REST, streams, the reference page'),
  PUBLIC_URL: env.url('How customers reach that listener'),
  GRPC_INTERNAL_ADDRESS: env.address('Listener of all packages of the service, mutual TLS'),
  GRPC_PARTNER_ADDRESS: env.address('Listener of the public packages only').optional(),
  ...tlsEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  ...redisEnv,
  MASTER_KEY: env.secretBytes('Seals signing keys and stored answers; the same for all replicas', 32),
  OPERATOR_KEY_SHA256: env
    .text('SHA-256 of the operator’s key, 64 hexadecimal digits')
    .regex(SHA256_HEX, 'must be 64 lower-case hexadecimal digits'),
  BILLING_ADDRESS: env.address('Internal gRPC of billing'),
  SCHEDULER_ADDRESS: env.address('Internal gRPC of the scheduler'),
  WORKFLOW_ADDRESS: env.address('Internal gRPC of workflow'),
  MODEL_HUB_ADDRESS: env.address('Internal gRPC of the model hub'),
  UPSTREAMS_FILE: env.path('YAML with OpenAI-compatible upstreams: name, base_url, api_key or api_key_file').optional(),
  OPENAI_BASE_URL: env
    .url('One OpenAI-compatible upstream, named `openai`; models without a route go to it')
    .optional(),
  OPENAI_API_KEY: env.secret('Key of that upstream').optional(),
  REQUESTS_PER_MINUTE: env.int('Limit of a key that is made without one of its own', 600, { min: 1, max: 1_000_000 }),
  OPERATOR_REQUESTS_PER_MINUTE: env.int('Limit of the operator’s key', 6_000, { min: 1, max: 1_000_000 }),
  LIMITER_TIMEOUT_MS: env.int('How long a request waits for Redis until its replica limits by itself', 250, {
    min: 10,
    max: 10_000,
  }),
  STREAMS_PER_KEY: env.int('Event streams that one key may have open at a replica', 32, { min: 1, max: 10_000 }),
  TRUSTED_PROXIES: env.list('Addresses or networks of proxies whose X-Forwarded-For is believed'),
});

export type GatewayConfig = z.infer<typeof gatewayEnv>;
