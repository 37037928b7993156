import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import type { ChatBody, TokenUsage } from '../../domain/inference/chat.ts';
import type { SpendDimension } from '../../domain/inference/lease-grain.ts';
import type { TokenPrice } from '../../domain/inference/token-price.ts';

/** A JSON object in the form that the OpenAI API answers. */
export type WireObject = Record<string, unknown>;

/** The upstream does not answer, or not in the form of the API. Nothing is charged for a call that ends so. */
export class UpstreamFailed extends Error {
  override name = 'UpstreamFailed';
  /** Its own status, when it gave one: 4xx answers of an upstream are the caller's to see. */
  readonly status: number | undefined;
  readonly body: WireObject | undefined;
  constructor(message: string, status?: number, body?: WireObject, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.body = body;
  }
}

/** Where answers come from. Bodies pass through unchanged but for the model's name and the output limit. */
export interface Upstream {
  readonly name: string;
  /** Throws UpstreamFailed. */
  complete(body: ChatBody, signal: AbortSignal): Promise<AnswerPart>;
  /** Chunks as the upstream sends them. Throws UpstreamFailed, also in the middle. */
  stream(body: ChatBody, signal: AbortSignal): AsyncIterable<AnswerPart>;
}
/** An answer or a part of one. `text` is all that the model has produced: what it says, its reasoning, its tool calls. */
export type AnswerPart = { body: WireObject; text: string; usage: TokenUsage | undefined };

export type ModelRoute = {
  model: string;
  upstream: string;
  upstreamModel: string;
  description: string;
  isLanguageModel: boolean;
  updatedAt: Instant;
  /** False for a name without a route, which the default upstream may or may not know. */
  isListed: boolean;
};

/** The routes as this replica knows them now. */
export interface RouteTable {
  find(model: string): ModelRoute | undefined;
  list(): ModelRoute[];
  /** False until they have been read once. */
  isLoaded(): boolean;
}

export interface TokenPrices {
  /** Undefined when the model has no price: it cannot be sold then. */
  priceOf(tenant: TenantPath, model: string): Promise<TokenPrice | undefined>;
}

export type HoldOutcome =
  | { kind: 'held'; holdId: string; amountMicros: Micros; expiresAt: Instant }
  | {
      kind: 'refused';
      reason: string;
      missingMicros: Micros;
      /** Which budget has no room, for `budget_exceeded`. */
      budget?: BudgetShortfall;
      /** What holds of the account must name from now on, for `scope_needed`. */
      needs?: readonly SpendDimension[];
    };
export type BudgetShortfall = { budgetId: string; window: string; resetsAt?: Instant };

/** Holds at billing. Each command is idempotent by its request id. */
export interface HoldDesk {
  place(command: {
    requestId: string;
    /** Without a principal: any key of the workspace. */
    tenant: TenantPath;
    amountMicros: Micros;
    expiresAt: Instant;
    leaseId: string;
    /** Empty: any model. */
    item: string;
  }): Promise<HoldOutcome>;
  extend(command: {
    requestId: string;
    holdId: string;
    amountMicros: Micros;
    expiresAt: Instant;
  }): Promise<HoldOutcome>;
  close(command: { requestId: string; holdId: string; finalUsageId: string }): Promise<void>;
}

/** One finished call, to be charged. */
export type InferenceUsage = {
  usageId: string;
  tenant: TenantPath;
  holdId: string;
  model: string;
  costKey: string;
  usage: TokenUsage;
  from: Instant;
  to: Instant;
};

export interface UsageLog {
  /** Writes the usage event; it leaves with the transaction. The same id twice is one event. */
  append(tx: Tx, usage: InferenceUsage): Promise<void>;
}

export type KeptAnswer = { bodySha256: string; answer: WireObject };

/** Answers given to other services, by (account, request id). */
export interface AnswerStore {
  find(accountId: string, requestId: string): Promise<KeptAnswer | undefined>;
  /** False when there is one already: the first stays. */
  keep(tx: Tx, key: { accountId: string; requestId: string }, kept: KeptAnswer, now: Instant): Promise<boolean>;
}
