import type { Clock, IdSource, Instant, Logger, Rng } from '@suanli/kernel';
import type { Database, Tx } from '@suanli/postgres';
import type { TryResult } from '../../domain/webhook/decide-delivery.ts';
import type { WebhookAttempt, WebhookDelivery, WebhookEndpoint } from '../../domain/webhook/webhook.ts';
import type { Page, PageWish, Queryable, Vault } from '../ports.ts';

/** A delivery that this replica alone may try until its lease ends, with where it goes. */
export type ClaimedDelivery = { delivery: WebhookDelivery; endpoint: WebhookEndpoint };

export interface WebhookStore {
  insert(endpoint: WebhookEndpoint): Promise<void>;
  get(accountId: string, endpointId: string): Promise<WebhookEndpoint | undefined>;
  /** Locks the row. */
  lock(accountId: string, endpointId: string): Promise<WebhookEndpoint | undefined>;
  list(accountId: string, page: PageWish): Promise<Page<WebhookEndpoint>>;
  count(accountId: string): Promise<number>;
  save(endpoint: WebhookEndpoint): Promise<void>;
  /** Gone for every reader; its deliveries go with it. */
  remove(accountId: string, endpointId: string): Promise<boolean>;
  enabledOf(accountId: string): Promise<WebhookEndpoint[]>;
}

export interface DeliveryStore {
  /** One for each endpoint and event: those that are there already stay as they are. */
  insert(deliveries: readonly WebhookDelivery[]): Promise<void>;
  get(accountId: string, deliveryId: string): Promise<WebhookDelivery | undefined>;
  list(accountId: string, endpointId: string, page: PageWish): Promise<Page<WebhookDelivery>>;
  /** The newest tries first. */
  attempts(deliveryId: string): Promise<WebhookAttempt[]>;
  /** Takes due deliveries of enabled endpoints, but none of `busyEndpointIds`; nobody else gets them until `leaseUntil`. */
  claim(claim: {
    holder: string;
    now: Instant;
    leaseUntil: Instant;
    limit: number;
    busyEndpointIds: readonly string[];
  }): Promise<ClaimedDelivery[]>;
  /** Writes what came of a try; false when the lease was lost meanwhile, and another try counts. */
  finish(holder: string, delivery: WebhookDelivery, attempt: WebhookAttempt): Promise<boolean>;
  /** Back to the first try, now. */
  restart(deliveryId: string, now: Instant): Promise<void>;
  purge(before: Instant, limit: number): Promise<number>;
}

export type SendOutcome = TryResult & { error?: string };

/** Sends signed bytes to where a customer said, within a time of its own; never throws for what the other side does. */
export interface WebhookSender {
  /** Why a URL cannot be an endpoint; undefined when it can. */
  refuse(url: string): string | undefined;
  send(request: {
    url: string;
    headers: Record<string, string>;
    body: string;
    signal: AbortSignal;
  }): Promise<SendOutcome>;
}

/** Signs as Standard Webhooks asks. */
export interface WebhookSigner {
  createSecret(): string;
  /** One signature for each secret, in one header value. */
  sign(secrets: readonly string[], message: { id: string; at: Instant; body: string }): string;
}

export type WebhookDeps = {
  db: Database;
  clock: Clock;
  ids: IdSource;
  rng: Rng;
  logger: Logger;
  vault: Vault;
  signer: WebhookSigner;
  sender: WebhookSender;
  endpoints: (queryable: Queryable) => WebhookStore;
  deliveries: (queryable: Queryable) => DeliveryStore;
  /** Publishes that an endpoint was disabled; leaves with the transaction. */
  tellDisabled: (tx: Tx, endpoint: WebhookEndpoint, at: Instant) => Promise<void>;
  /** After a commit: there may be something to send, and facts to publish. */
  committed: () => void;
};
