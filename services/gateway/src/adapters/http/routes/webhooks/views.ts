import { toRfc3339 } from '@suanli/kernel';
import { z } from 'zod';
import {
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookEndpoint,
  WEBHOOK_EVENT_TYPES,
} from '../../../../domain/webhook/webhook.ts';
import { instant } from '../../schemas.ts';

export const eventType = z.enum(WEBHOOK_EVENT_TYPES);

export const endpointView = z.object({
  id: z.string().meta({ example: 'whk_01…' }),
  url: z.string(),
  description: z.string(),
  event_types: z.array(eventType).meta({ description: 'Empty: all' }),
  status: z.enum(['enabled', 'disabled']),
  disabled_reason: z
    .enum(['by_hand', 'gone', 'failing'])
    .optional()
    .meta({ description: '`gone`: it answered 410; `failing`: no try of a delivery went well for three days' }),
  old_secret_until: instant
    .optional()
    .meta({ description: 'Until then the secret before the last rotation signs too' }),
  version: z.int(),
  created_at: instant,
  updated_at: instant,
});
export const newEndpointView = endpointView.extend({
  secret: z.string().meta({ description: 'Shown once', example: 'whsec_…' }),
});

export function toEndpointView(endpoint: WebhookEndpoint): z.infer<typeof endpointView> {
  const { endpointId, url, description, eventTypes, status, disabledReason, oldSecretUntil, version } = endpoint;
  return {
    id: endpointId,
    ...{ url, description, status, version },
    event_types: [...eventTypes],
    ...(disabledReason !== undefined && { disabled_reason: disabledReason }),
    ...(oldSecretUntil !== undefined && { old_secret_until: toRfc3339(oldSecretUntil) }),
    created_at: toRfc3339(endpoint.createdAt),
    updated_at: toRfc3339(endpoint.updatedAt),
  };
}

const attemptView = z.object({
  at: instant,
  duration_ms: z.int(),
  http_status: z.int().optional().meta({ description: 'Absent when no answer came' }),
  error: z.string().optional(),
});

export const deliveryView = z.object({
  id: z.string().meta({ example: 'dlv_01…' }),
  webhook_endpoint_id: z.string(),
  event_id: z.string().meta({ description: '`webhook-id` of every try' }),
  event_type: eventType,
  status: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  next_attempt_at: instant.optional(),
  created_at: instant,
  updated_at: instant,
});
export const deliveryWithLogView = deliveryView.extend({
  body: z.string().meta({ description: 'The very text that is signed and sent' }),
  log: z.array(attemptView).meta({ description: 'Tries, newest first' }),
});

export function toDeliveryView(delivery: WebhookDelivery): z.infer<typeof deliveryView> {
  const { deliveryId, endpointId, eventId, eventType: type, status, attempts, nextAt } = delivery;
  return {
    id: deliveryId,
    webhook_endpoint_id: endpointId,
    event_id: eventId,
    event_type: type,
    status,
    attempts,
    ...(status === 'pending' && { next_attempt_at: toRfc3339(nextAt) }),
    created_at: toRfc3339(delivery.createdAt),
    updated_at: toRfc3339(delivery.updatedAt),
  };
}

export function toDeliveryWithLogView(
  delivery: WebhookDelivery,
  log: readonly WebhookAttempt[],
): z.infer<typeof deliveryWithLogView> {
  return {
    ...toDeliveryView(delivery),
    body: delivery.body,
    log: log.map(({ at, durationMs, httpStatus, error }) => ({
      at: toRfc3339(at),
      duration_ms: durationMs,
      ...(httpStatus !== undefined && { http_status: httpStatus }),
      ...(error !== undefined && { error }),
    })),
  };
}
