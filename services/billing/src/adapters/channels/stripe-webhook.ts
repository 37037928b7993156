import type { Instant } from '@suanli/kernel';
import Stripe from 'stripe';
import { z } from 'zod';
import type { Webhook, WebhookReading } from '../../app/recharges/ports.ts';

/** Name of our id in the metadata of what we make at Stripe. */
export const RECHARGE_ID = 'suanli_recharge_id';
/** How far the time in a signature may be from ours, either way. */
const TOLERANCE_S = 300;

const id = z.string().min(1).max(200);
/** What events about payments have in common; all else in them is asked for, not believed. */
const paymentEvent = z.object({
  type: z.string().regex(/^(payment_intent|charge|refund)\./),
  data: z.object({
    object: z.object({
      object: z.enum(['payment_intent', 'charge', 'refund', 'dispute']),
      id,
      payment_intent: z.union([id, z.null()]).optional(),
      metadata: z.record(z.string(), z.string()).nullish(),
    }),
  }),
});

/** Verifies the signature over the body as it came, by our own clock, with each secret in turn. */
export function readStripeWebhook(
  stripe: Stripe,
  secrets: readonly string[],
  now: Instant,
  { body, headers }: Webhook,
): WebhookReading {
  const signature = headers['stripe-signature'] ?? '';
  const event = verify(stripe, secrets, now, Buffer.from(body), signature);
  if (event.kind === 'refused') return event;
  if (signedAtSeconds(signature) * 1_000 > now + TOLERANCE_S * 1_000) {
    return { kind: 'refused', reason: 'webhook_signature_in_future' };
  }
  const read = paymentEvent.safeParse(event.value);
  if (!read.success) return { kind: 'irrelevant' };
  const { object } = read.data.data;
  const providerId = object.object === 'payment_intent' ? object.id : (object.payment_intent ?? '');
  if (providerId === '') return { kind: 'irrelevant' };
  return { kind: 'news', providerId, rechargeId: object.metadata?.[RECHARGE_ID] ?? '' };
}

type Verified = { kind: 'verified'; value: unknown } | Extract<WebhookReading, { kind: 'refused' }>;

function verify(stripe: Stripe, secrets: readonly string[], now: Instant, body: Buffer, signature: string): Verified {
  let isOld = false;
  for (const secret of secrets) {
    try {
      const value = stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_S, undefined, now);
      return { kind: 'verified', value };
    } catch (error) {
      // A signature was right and what it signs is no event: no secret changes that.
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) {
        return { kind: 'refused', reason: 'webhook_body_invalid' };
      }
      // The library checks the time last: only a right signature can be too old.
      isOld ||= error.message.includes('tolerance');
    }
  }
  return { kind: 'refused', reason: isOld ? 'webhook_signature_expired' : 'webhook_signature_invalid' };
}

function signedAtSeconds(signature: string): number {
  const time = signature.split(',').find((part) => part.startsWith('t='));
  return Number(time?.slice(2));
}
