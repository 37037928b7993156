import type { Clock, Micros } from '@suanli/kernel';
import Stripe from 'stripe';
import {
  type ChannelRefundOutcome,
  type Offer,
  ProviderUnavailable,
  type WaitingChannel,
} from '../../app/recharges/ports.ts';
import { FEN_MICROS, type Recharge, refuseFen } from '../../domain/recharge/recharge.ts';
import { refundSerial, type Standing, type TakenBack } from '../../domain/recharge/standing.ts';
import { readStripeWebhook, RECHARGE_ID } from './stripe-webhook.ts';

type StripeConfig = {
  secretKey: string;
  /** Any of them may have signed: the old and the new one while they are changed. */
  webhookSecrets: readonly string[];
  /** Another place than Stripe's own, for tests. */
  apiBase?: string;
  timeoutMs?: number;
};

const STRIPE = 'stripe';
const REFUND_ID = 'suanli_refund_id';
const OFFER_MS = 24 * 3_600_000;
const TIMEOUT_MS = 8_000;
/** The library repeats calls that were cut off; each carries an idempotency key of its own. */
const NETWORK_RETRIES = 1;
/** Eight digits of fen is what Stripe takes at once. */
const MAX_MICROS: Micros = 99_999_999n * FEN_MICROS;
const MAX_LISTED = 1_000;
/** States in which nobody has begun to pay. */
const OPEN_STATES: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
/** Of the states of a dispute those in which Stripe has taken the money. An inquiry takes none. */
const TAKEN_STATES: readonly string[] = [
  'needs_response',
  'under_review',
  'lost',
  'appeal_needs_response',
  'appeal_under_review',
];

/** Cards and wallets through Stripe: one PaymentIntent per recharge. Whoever pays confirms it with its client secret. */
export function stripeChannel(config: StripeConfig, clock: Clock): WaitingChannel {
  const stripe = stripeClient(config);
  return {
    name: STRIPE,
    kind: 'waiting',
    canBeAsked: true,
    offerMs: OFFER_MS,
    refuseAmount: (micros) => refuseFen(micros, MAX_MICROS),
    open: (recharge) => asking(() => open(stripe, recharge)),
    inspect: (recharge, { hasEnded }) =>
      asking(async () => {
        const intent = await retrieve(stripe, recharge.providerId, hasEnded);
        if (intent.metadata[RECHARGE_ID] !== recharge.id) {
          throw new Error(`payment intent ${intent.id} is not of recharge ${recharge.id}`);
        }
        const takenBack = intent.status === 'succeeded' ? await listTakenBack(stripe, intent.id) : [];
        return { providerId: intent.id, payment: paymentOf(intent, hasEnded), takenBack };
      }),
    refund: (recharge, refund) => asking(() => refundIntent(stripe, recharge.providerId, refund)),
    readWebhook: (webhook) => readStripeWebhook(stripe, config.webhookSecrets, clock.now(), webhook),
  };
}

function stripeClient({ secretKey, apiBase, timeoutMs = TIMEOUT_MS }: StripeConfig): Stripe {
  const options = { timeout: timeoutMs, maxNetworkRetries: NETWORK_RETRIES, telemetry: false };
  if (apiBase === undefined) return new Stripe(secretKey, options);
  const { hostname, port, protocol } = new URL(apiBase);
  const isPlain = protocol === 'http:';
  return new Stripe(secretKey, {
    ...options,
    host: hostname,
    port: port === '' ? (isPlain ? 80 : 443) : Number(port),
    protocol: isPlain ? 'http' : 'https',
  });
}

/** Tells Stripe being away from Stripe refusing us, which is a mistake of ours. */
async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { StripeAPIError, StripeConnectionError, StripeRateLimitError } = Stripe.errors;
    const isAway = [StripeAPIError, StripeConnectionError, StripeRateLimitError].some((kind) => error instanceof kind);
    if (isAway) throw new ProviderUnavailable(STRIPE, error);
    throw error;
  }
}

async function open(stripe: Stripe, recharge: Recharge): Promise<Offer> {
  try {
    const intent = await stripe.paymentIntents.create(
      {
        amount: fenOf(recharge.amountMicros),
        currency: recharge.currency.toLowerCase(),
        automatic_payment_methods: { enabled: true },
        metadata: { [RECHARGE_ID]: recharge.id },
      },
      { idempotencyKey: `suanli-recharge-${recharge.id}` },
    );
    const instructions = { payment_intent: intent.id, client_secret: intent.client_secret ?? '' };
    return { kind: 'offered', providerId: intent.id, instructions };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { kind: 'failed', reason: refusal };
  }
}

async function retrieve(stripe: Stripe, intentId: string, hasEnded: boolean): Promise<Stripe.PaymentIntent> {
  const intent = await stripe.paymentIntents.retrieve(intentId);
  if (!hasEnded || !OPEN_STATES.includes(intent.status)) return intent;
  try {
    return await stripe.paymentIntents.cancel(intentId, { cancellation_reason: 'abandoned' });
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    return stripe.paymentIntents.retrieve(intentId); // Somebody has begun to pay in between.
  }
}

function paymentOf(intent: Stripe.PaymentIntent, hasEnded: boolean): Standing['payment'] {
  if (intent.status === 'succeeded') {
    const { id: serialNumber, amount_received: fen, currency } = intent;
    return { kind: 'paid', serialNumber, amountMicros: microsOf(fen), currency: currency.toUpperCase() };
  }
  if (intent.status !== 'canceled') return { kind: 'waiting' };
  return hasEnded ? { kind: 'withdrawn' } : { kind: 'failed', reason: intent.cancellation_reason ?? 'canceled' };
}

async function listTakenBack(stripe: Stripe, intentId: string): Promise<TakenBack[]> {
  const of = { payment_intent: intentId, limit: 100 };
  const refunds = await stripe.refunds.list(of).autoPagingToArray({ limit: MAX_LISTED });
  const disputes = await stripe.disputes.list(of).autoPagingToArray({ limit: MAX_LISTED });
  return [
    ...refunds.map((refund): TakenBack => {
      const refundId = refund.metadata?.[REFUND_ID];
      return {
        kind: 'refund',
        serialNumber: refundId === undefined ? refund.id : refundSerial(refundId),
        amountMicros: microsOf(refund.amount),
        state: hasFailed(refund) ? 'returned' : 'taken',
        isOurs: refundId !== undefined,
      };
    }),
    ...disputes
      .filter(({ status }) => status === 'won' || TAKEN_STATES.includes(status))
      .map(
        ({ id, amount, status }): TakenBack => ({
          kind: 'dispute',
          serialNumber: id,
          amountMicros: microsOf(amount),
          state: status === 'won' ? 'returned' : 'taken',
          isOurs: false,
        }),
      ),
  ];
}

async function refundIntent(
  stripe: Stripe,
  intentId: string,
  { refundId, amountMicros }: { refundId: string; amountMicros: Micros },
): Promise<ChannelRefundOutcome> {
  try {
    const all = await stripe.refunds
      .list({ payment_intent: intentId, limit: 100 })
      .autoPagingToArray({ limit: MAX_LISTED });
    const before = all.find((refund) => refund.metadata?.[REFUND_ID] === refundId);
    const refund =
      before ??
      (await stripe.refunds.create(
        { payment_intent: intentId, amount: fenOf(amountMicros), metadata: { [REFUND_ID]: refundId } },
        { idempotencyKey: `suanli-refund-${refundId}` },
      ));
    if (hasFailed(refund)) return { kind: 'refused', reason: refund.failure_reason ?? 'refund_failed' };
    if (refund.status === 'succeeded') return { kind: 'done', serialNumber: refund.id };
    return { kind: 'pending', serialNumber: refund.id, isManual: false };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { kind: 'refused', reason: refusal };
  }
}

function hasFailed({ status }: Stripe.Refund): boolean {
  return status === 'failed' || status === 'canceled';
}

/** What Stripe refuses for good: the same call would be refused again. Anything else may be tried again. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeCardError)) {
    return undefined;
  }
  return error.code ?? error.type;
}

/** Whole fen, checked before; at most eight digits, so exact as a number. */
function fenOf(micros: Micros): number {
  return Number(micros / FEN_MICROS);
}

function microsOf(fen: number): Micros {
  return BigInt(fen) * FEN_MICROS;
}
