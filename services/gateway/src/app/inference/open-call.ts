import type { CallContext, Clock, IdSource, Instant, Logger, Micros } from '@suanli/kernel';
import type { Database } from '@suanli/postgres';
import { withTransaction } from '@suanli/postgres';
import {
  type ChatBody,
  DEFAULT_MAX_OUTPUT_TOKENS,
  maxOutputTokensOf,
  textOf,
  type TokenUsage,
} from '../../domain/inference/chat.ts';
import { costOf, type TokenPrice } from '../../domain/inference/token-price.ts';
import { countInputTokens, countTokens, reservedInputTokens } from '../../domain/inference/tokens.ts';
import type { MoneyLeases, Slice } from './money-leases.ts';
import type { AnswerStore, ModelRoute, RouteTable, TokenPrices, Upstream, UsageLog } from './ports.ts';

export type InferenceDeps = {
  db: Database;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  routes: RouteTable;
  upstreams: ReadonlyMap<string, Upstream>;
  prices: TokenPrices;
  leases: MoneyLeases;
  usageLog: UsageLog;
  answers: AnswerStore;
  /** Wakes the relay after a commit. */
  committed: () => void;
};

export type CallRefusal =
  | { kind: 'refused'; reason: 'model_not_found' | 'price_not_found' }
  | { kind: 'refused'; reason: 'insufficient_funds'; missingMicros: Micros }
  | { kind: 'refused'; reason: 'account_frozen' | 'wallet_not_found' | 'billing_refused' };

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
  charge(usage: TokenUsage, also?: Parameters<typeof withTransaction>[1]): Promise<void>;
  drop(): void;
};

/** Finds route and price, and reserves what the call may cost at most. Nothing has reached the upstream yet. */
export async function openCall(
  deps: InferenceDeps,
  ctx: CallContext,
  request: { body: ChatBody; usageId: string; costKey: string },
): Promise<OpenCall | CallRefusal> {
  const route = deps.routes.find(request.body.model);
  const upstream = route === undefined ? undefined : deps.upstreams.get(route.upstream);
  if (route === undefined || upstream === undefined) return { kind: 'refused', reason: 'model_not_found' };
  const price = await deps.prices.priceOf(ctx.tenant, route.model);
  if (price === undefined) return { kind: 'refused', reason: 'price_not_found' };

  const messages = request.body.messages.map(textOf);
  const maxOutputTokens = maxOutputTokensOf(request.body) ?? DEFAULT_MAX_OUTPUT_TOKENS;
  const most = { inputTokens: reservedInputTokens(messages), outputTokens: maxOutputTokens };
  const reserved = await deps.leases.reserve(ctx.tenant, costOf(price, most));
  if (reserved.kind === 'refused') return refusalOf(reserved);

  const from = deps.clock.now();
  const call = { ctx, route, price, slice: reserved.slice, from, ...request };
  return {
    kind: 'open',
    route,
    upstream,
    body: bodyForUpstream(request.body, route.upstreamModel, maxOutputTokens),
    usageId: request.usageId,
    ownUsage: (text) => ({ inputTokens: countInputTokens(messages), outputTokens: countTokens(text) }),
    charge: (usage, also) => charge(deps, call, usage, also),
    drop: () => reserved.slice.settle(undefined),
  };
}

function refusalOf({ reason, missingMicros }: { reason: string; missingMicros: Micros }): CallRefusal {
  if (reason === 'insufficient_funds') return { kind: 'refused', reason, missingMicros };
  if (reason === 'account_frozen' || reason === 'wallet_not_found') return { kind: 'refused', reason };
  return { kind: 'refused', reason: 'billing_refused' };
}

/** The limit is said under one name only: upstreams refuse both at once. */
function bodyForUpstream(body: ChatBody, upstreamModel: string, maxOutputTokens: number): ChatBody {
  const isLimited = body['max_completion_tokens'] !== undefined || body['max_tokens'] !== undefined;
  return { ...body, model: upstreamModel, ...(isLimited ? {} : { max_tokens: maxOutputTokens }) };
}

type ChargedCall = {
  ctx: CallContext;
  route: ModelRoute;
  price: TokenPrice;
  slice: Slice;
  from: Instant;
  usageId: string;
  costKey: string;
};

async function charge(
  deps: InferenceDeps,
  { ctx, route, price, slice, from, usageId, costKey }: ChargedCall,
  usage: TokenUsage,
  also: Parameters<typeof withTransaction>[1] | undefined,
): Promise<void> {
  const used = {
    usageId,
    tenant: ctx.tenant,
    holdId: slice.holdId,
    model: route.model,
    costKey,
    usage,
    from,
    to: deps.clock.now(),
  };
  try {
    await withTransaction(deps.db, async (tx) => {
      await deps.usageLog.append(tx, used);
      await also?.(tx);
    });
  } catch (error) {
    slice.settle(undefined);
    throw error;
  }
  slice.settle({ micros: costOf(price, usage), usageId });
  deps.committed();
}
