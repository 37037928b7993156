import type { Clock } from '@suanli/kernel';
import { type ClientTls, createGrpcClient, GrpcCallError } from '@suanli/grpc-kit';
import {
  type HoldRefusal,
  HoldServiceClient,
  type HoldResult,
  PricingServiceClient,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { TenantPath } from '@suanli/kernel';
import type { HoldDesk, HoldOutcome, TokenPrices } from '../../../app/inference/ports.ts';
import type { SpendDimension } from '../../../domain/inference/lease-grain.ts';
import type { TokenPrice } from '../../../domain/inference/token-price.ts';

const DEADLINE_MS = 5_000;
const ATTEMPTS = 3;
/** How long a price is believed: a price change reaches every replica within this. */
const PRICE_KEPT_MS = 30_000;
/** What prices are asked for: large enough that rounding up does not show. */
const QUOTED_TOKENS = 1_000_000_000n;
const MAX_PRICES = 10_000;

type Options = {
  address: string;
  tls: ClientTls;
  clock: Clock;
  boot: { use<T extends AsyncDisposable>(client: T): T };
};

/** Holds for money leases, at billing's internal listener. */
export function billingDesk({ address, tls, boot }: Options): HoldDesk {
  const holds = boot.use(
    createGrpcClient(HoldServiceClient, { address, tls, peer: 'billing', defaultDeadlineMs: DEADLINE_MS }),
  );
  const options = { retryUnavailable: { attempts: ATTEMPTS } };
  return {
    async place({ leaseId, tenant, item, expiresAt, ...command }) {
      const purpose = { kind: 'inference_lease', id: leaseId, epoch: 0 };
      const scope = { product: 'inference', item, region: '' };
      const one = { ...command, tenant: toWire(tenant), expiresAt: new Date(expiresAt), purpose, scope, dryRun: false };
      const { results } = await holds.placeHolds({ commands: [one] }, options);
      return toOutcome(results[0]);
    },
    async extend({ expiresAt, ...command }) {
      const { results } = await holds.extendHolds(
        { commands: [{ ...command, expiresAt: new Date(expiresAt) }] },
        options,
      );
      return toOutcome(results[0]);
    },
    async close(command) {
      await holds.closeHolds({ commands: [command] }, options);
    },
  };
}

/** Prices of tokens, from billing's book, remembered for a short while. */
export function billingPrices({ address, tls, clock, boot }: Options): TokenPrices {
  const pricing = boot.use(
    createGrpcClient(PricingServiceClient, { address, tls, peer: 'billing', defaultDeadlineMs: DEADLINE_MS }),
  );
  const known = new Map<string, { price: TokenPrice | undefined; until: number }>();
  return {
    async priceOf(tenant, model) {
      const key = `${tenant.accountId}/${model}`;
      const found = known.get(key);
      if (found !== undefined && found.until > clock.now()) return found.price;
      const lines = ['tokens_input', 'tokens_output'].map((meter) => ({
        meter,
        region: '',
        item: model,
        quantity: QUOTED_TOKENS,
      }));
      const price = await pricing
        .quoteUsage({ tenant: toWire(tenant), lines }, { retryUnavailable: { attempts: ATTEMPTS } })
        .then(({ lines: [input, output] }) =>
          input === undefined || output === undefined ? undefined : { input: toUnit(input), output: toUnit(output) },
        )
        .catch((error: unknown) => {
          if (error instanceof GrpcCallError && error.reason === 'PRICE_NOT_FOUND') return undefined;
          throw error;
        });
      if (known.size >= MAX_PRICES) known.clear();
      known.set(key, { price, until: clock.now() + PRICE_KEPT_MS });
      return price;
    },
  };
}

function toUnit({ priceAmountMicros, pricePerQuantity }: { priceAmountMicros: bigint; pricePerQuantity: bigint }) {
  return { amountMicros: priceAmountMicros, perTokens: pricePerQuantity };
}

function toWire(tenant: TenantPath) {
  return { ...tenant, subAccountId: tenant.subAccountId ?? '' };
}

function toRefusal({ reason, missingMicros, budget, needs }: HoldRefusal): HoldOutcome {
  const resetsAt = budget?.resetsAt?.getTime();
  const shortfall = budget && { budgetId: budget.budgetId, window: budget.window };
  return {
    kind: 'refused',
    reason,
    missingMicros,
    needs: needs.filter((one): one is SpendDimension => one === 'key' || one === 'item'),
    ...(shortfall && { budget: { ...shortfall, ...(resetsAt !== undefined && { resetsAt }) } }),
  };
}

function toOutcome(result: HoldResult | undefined): HoldOutcome {
  const outcome = result?.outcome;
  if (outcome?.$case === 'hold' && outcome.value.expiresAt !== undefined) {
    const { holdId, amountMicros, expiresAt } = outcome.value;
    return { kind: 'held', holdId, amountMicros, expiresAt: expiresAt.getTime() };
  }
  if (outcome?.$case === 'refusal') return toRefusal(outcome.value);
  throw new Error('billing answered a hold command without a result');
}
