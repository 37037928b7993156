import { env, grpcEnv, natsEnv, opsEnv, postgresEnv, processEnv, redisEnv } from '@suanli/service-kit';
import { z } from 'zod';

/** Everything that this service reads from its environment. */
export const workflowEnv = z.object({
  ...processEnv,
  ...grpcEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  ...redisEnv,
  GATEWAY_ADDRESS: env.address('Internal gRPC of the gateway: model calls'),
  SCHEDULER_ADDRESS: env.address('Internal gRPC of the scheduler: jobs'),
  MODEL_HUB_ADDRESS: env.address('Internal gRPC of the model hub: corpora'),
  STEP_CONCURRENCY: env.int('Steps that this replica works on at once', 16, { min: 1, max: 1_000 }),
  STEP_LEASE_MS: env.int('A step whose worker is not heard of for this long is given to another', 15_000, { min: 500 }),
  RECONCILE_MS: env.int('Pause between two looks at the steps whose time has come', 500, { min: 50 }),
  EXPRESSION_TIME_LIMIT_MS: env.int('A jq expression or schema that takes longer faults its task', 2_000, { min: 50 }),
  EXPRESSION_THREADS: env.int('Threads for expressions', 2, { min: 1, max: 64 }),
  DEFAULT_MODEL: env.text('Model of an llm.chat that names none').default('offline-writer'),
});

export type WorkflowConfig = z.infer<typeof workflowEnv>;
