import { env, grpcEnv, natsEnv, opsEnv, postgresEnv, processEnv } from '@suanli/service-kit';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const LONG = { min: 1, max: 366 * DAY_MS };
const YUAN_MICROS = 1_000_000;

/** Everything that this service reads from its environment. */
export const billingEnv = z.object({
  ...processEnv,
  ...grpcEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  PRICES_FILE: env.path('Price list (YAML) that becomes version 1 of the price book when the book is empty').optional(),
  PLANS_FILE: env.path('Catalogue of plans (YAML) that is published when there is none').optional(),
  LATE_USAGE_MS: env.int('How long after its expiry a hold still waits for usage of the work it paid for', 120_000, {
    max: 86_400_000,
  }),
  ARREARS_WARNED_MS: env.int(
    'An account whose money is used up is warned so long before its grace begins',
    DAY_MS,
    LONG,
  ),
  ARREARS_GRACE_MS: env.int(
    'Its grace lasts so long; then it is suspended: nothing new begins, what runs stops',
    2 * DAY_MS,
    LONG,
  ),
  ARREARS_SUSPENDED_MS: env.int('It stays suspended so long; then what it keeps is deleted', 15 * DAY_MS, LONG),
  BANK_PAYEE_NAME: env.text('Who customers transfer to by bank; with the next two it opens `bank_transfer`').optional(),
  BANK_PAYEE_BANK: env.text('The bank of that payee').optional(),
  BANK_PAYEE_ACCOUNT: env.text('Its account number there').optional(),
  STRIPE_SECRET_KEY: env.secret('Secret key of Stripe; opens the channel `stripe`').optional(),
  STRIPE_WEBHOOK_SECRETS: env.list(
    'Signing secrets of the webhook endpoint, the old and the new one while they change; without any, Stripe is only asked',
  ),
  STRIPE_API_BASE: env.url('Where Stripe is reached; its own address unless given').optional(),
  LOW_BALANCE_MICROS: env.int('A wallet with less available than this counts as low', 10 * YUAN_MICROS),
});

export type BillingConfig = z.infer<typeof billingEnv>;

/** How long an account in arrears stays at each step. */
export function arrearsTerms(config: BillingConfig) {
  return {
    warnedMs: config.ARREARS_WARNED_MS,
    graceMs: config.ARREARS_GRACE_MS,
    suspendedMs: config.ARREARS_SUSPENDED_MS,
  };
}
