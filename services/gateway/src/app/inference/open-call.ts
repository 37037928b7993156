import type { CallContext, IdSource, Micros } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import {
  type ChatBody,
  DEFAULT_MAX_OUTPUT_TOKENS,
  maxOutputTokensOf,
  type TokenUsage,
  withOutputLimit,
} from '../../domain/inference/chat.ts';
import { mostInputTokens, ownInputTokens } from '../../domain/inference/request-tokens.ts';
import { costOf } from '../../domain/inference/token-price.ts';
import { countTokens } from '../../domain/inference/tokens.ts';
import { chargeCall, type ChargeDeps } from './charge-call.ts';
import type { MoneyLeases } from './money-leases.ts';
import type {
  AnswerStore,
  BudgetShortfall,
  HoldOutcome,
  ModelRoute,
  RouteTable,
  TokenPrices,
  Upstream,
} from './ports.ts';

export type InferenceDeps = ChargeDeps & {
  ids: IdSource;
  routes: RouteTable;
  upstreams: ReadonlyMap<string, Upstream>;
  prices: TokenPrices;
  leases: MoneyLeases;
  answers: AnswerStore;
};

export type CallRefusal =
  | { kind: 'refused'; reason: 'model_not_found' | 'price_not_found' | 'routes_not_loaded' }
  | { kind: 'refused'; reason: 'insufficient_funds'; missingMicros: Micros }
  | { kind: 'refused'; reason: 'budget_exceeded'; missingMicros: Micros; budget: BudgetShortfall | undefined }
  | { kind: 'refused'; reason: 'account_suspended' | 'account_frozen' | 'wallet_not_found' | 'billing_refused' };

/** A call whose money is reserved: exactly one of `charge` and `drop` ends it. */
export type OpenCall = {
  kind: 'open';
  route: ModelRoute;
  upstream: Upstream;
  /** What goes to the upstream. */
  body: ChatBody;
  usageId: string;
  /** Tokens by our own count, for upstreams that report none. */
  ownUsage(outputText: string): TokenUsage;
  /** Records what was used, in one transaction with whatever `also` writes. */
  charge(usage: TokenUsage, also?: (tx: Tx) => Promise<unknown>): Promise<void>;
  drop(): void;
};

/** Finds route and price, and reserves what the call may cost at most. Nothing has reached the upstream yet. */
export async function openCall(
  deps: InferenceDeps,
  ctx: CallContext,
  request: { body: ChatBody; usageId: string; costKey: string },
): Promise<OpenCall | CallRefusal> {
  if (!deps.routes.isLoaded()) return { kind: 'refused', reason: 'routes_not_loaded' };
  const route = deps.routes.find(request.body.model);
  const upstream = route === undefined ? undefined : deps.upstreams.get(route.upstream);
  if (route === undefined || upstream === undefined) return { kind: 'refused', reason: 'model_not_found' };
  const price = await deps.prices.priceOf(ctx.tenant, route.model);
  // A name that nobody has given a route or a price is no model here.
  if (price === undefined) return { kind: 'refused', reason: route.isListed ? 'price_not_found' : 'model_not_found' };

  const outputTokens = maxOutputTokensOf(request.body) ?? DEFAULT_MAX_OUTPUT_TOKENS;
  const most = { inputTokens: mostInputTokens(request.body), outputTokens };
  const reserved = await deps.leases.reserve(ctx.tenant, route.model, costOf(price, most));
  if (reserved.kind === 'refused') return refusalOf(reserved);

  const { usageId, costKey } = request;
  const call = { ctx, route, price, slice: reserved.slice, from: deps.clock.now(), usageId, costKey };
  return {
    kind: 'open',
    route,
    upstream,
    body: { ...withOutputLimit(request.body, outputTokens), model: route.upstreamModel },
    usageId,
    ownUsage: (text) => ({ inputTokens: ownInputTokens(request.body), outputTokens: countTokens(text) }),
    charge: (usage, also) => chargeCall(deps, call, usage, also),
    drop: () => reserved.slice.settle(undefined),
  };
}

function refusalOf({ reason, missingMicros, budget }: HoldOutcome & { kind: 'refused' }): CallRefusal {
  if (reason === 'insufficient_funds') return { kind: 'refused', reason, missingMicros };
  if (reason === 'budget_exceeded') return { kind: 'refused', reason, missingMicros, budget };
  if (reason === 'account_frozen' || reason === 'account_suspended' || reason === 'wallet_not_found') {
    return { kind: 'refused', reason };
  }
  return { kind: 'refused', reason: 'billing_refused' };
}
