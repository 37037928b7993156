import { env, grpcEnv, natsEnv, opsEnv, postgresEnv, processEnv } from '@suanli/service-kit';
import { z } from 'zod';

/** Everything that the control plane reads from its environment. */
export const schedulerEnv = z.object({
  ...processEnv,
  ...grpcEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  BILLING_ADDRESS: env.address('Internal gRPC of billing: holds and prices'),
  GATEWAY_ADDRESS: env.address('Internal gRPC of the gateway: keys of jobs'),
  MODEL_HUB_ADDRESS: env.address('Internal gRPC of the model hub: revisions of mounts'),
  MASTER_KEY: env.secretBytes('Seals the keys of running jobs; the same for all replicas', 32),
  CATALOGUE_FILE: env.path('Regions, clusters and SKUs that are for sale (YAML)'),
  LEASE_MS: env.int('How long after a sync a cluster’s work is its agent’s own', 10_000, { min: 500, max: 600_000 }),
  LEASE_MARGIN_MS: env.int('An agent stops so much before its lease ends, the scheduler fences so much after', 2_000, {
    min: 100,
    max: 60_000,
  }),
});

export type SchedulerConfig = z.infer<typeof schedulerEnv>;
