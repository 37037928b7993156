import { env, grpcEnv, natsEnv, opsEnv, postgresEnv, processEnv } from '@suanli/service-kit';
import { z } from 'zod';

const YUAN_MICROS = 1_000_000;

/** Everything that this service reads from its environment. */
export const billingEnv = z.object({
  ...processEnv,
  ...grpcEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  PRICES_FILE: env.path('Price list (YAML) that becomes version 1 of the price book when the book is empty').optional(),
  LATE_USAGE_MS: env.int('How long after its expiry a hold still waits for usage of the work it paid for', 120_000, {
    max: 86_400_000,
  }),
  LOW_BALANCE_MICROS: env.int('A wallet with less available than this counts as low', 10 * YUAN_MICROS),
});

export type BillingConfig = z.infer<typeof billingEnv>;
