import type { Instant } from '@suanli/kernel';

/** What a webhook can tell, and of what; `<noun>.<past verb>`. */
export const WEBHOOK_EVENT_TYPES = [
  'budget.threshold_reached',
  'wallet.ran_low',
  'wallet.exhausted',
  'wallet.restored',
  'account.arrears_changed',
  'account.frozen',
  'account.unfrozen',
  'invoice.issued',
  'subscription.changed',
  'credit_lot.expiring',
  'hold.expired',
  'job.finished',
  'webhook_endpoint.disabled',
] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** Something to tell an account. `data` has snake_case names, as everything in REST. */
export type WebhookEvent = {
  /** The same for every endpoint and every try: receivers know a repeated one by it. */
  id: string;
  accountId: string;
  type: WebhookEventType;
  at: Instant;
  data: Record<string, unknown>;
};

export type WebhookEndpoint = {
  endpointId: string;
  accountId: string;
  url: string;
  description: string;
  /** Empty: all. */
  eventTypes: readonly WebhookEventType[];
  status: 'enabled' | 'disabled';
  /** Why it is not told: `by_hand`, `gone` (it answered 410), `failing` (no try of a delivery went well). */
  disabledReason?: DisabledReason;
  /** In an envelope of the master key. */
  sealedSecret: string;
  /** Signs too, until `oldSecretUntil`, so that receivers can change theirs in peace. */
  sealedOldSecret?: string;
  oldSecretUntil?: Instant;
  version: number;
  createdAt: Instant;
  updatedAt: Instant;
};
export type DisabledReason = 'by_hand' | 'gone' | 'failing';

export type WebhookDelivery = {
  deliveryId: string;
  endpointId: string;
  accountId: string;
  eventId: string;
  eventType: WebhookEventType;
  /** The very bytes that are signed and sent, whatever the try. */
  body: string;
  status: 'pending' | 'delivered' | 'failed';
  /** Tries since it was written or redelivered. */
  attempts: number;
  /** When the next try is due; meaningless unless pending. */
  nextAt: Instant;
  createdAt: Instant;
  updatedAt: Instant;
};

/** One try, as the delivery log shows it. */
export type WebhookAttempt = {
  at: Instant;
  durationMs: number;
  /** Absent when no answer came. */
  httpStatus?: number;
  /** Why it did not go well; absent when it did. */
  error?: string;
};

/** Whether an endpoint wants to hear of an event. */
export function wants(endpoint: Pick<WebhookEndpoint, 'status' | 'eventTypes'>, type: WebhookEventType): boolean {
  return endpoint.status === 'enabled' && (endpoint.eventTypes.length === 0 || endpoint.eventTypes.includes(type));
}

/** A thin message: what happened and to what; whoever wants to know more asks. */
export function bodyOf({ type, at, data }: WebhookEvent, timestamp: (at: Instant) => string): string {
  return JSON.stringify({ type, timestamp: timestamp(at), data });
}
