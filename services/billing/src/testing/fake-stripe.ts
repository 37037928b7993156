import { invariant } from '@suanli/kernel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';

/** What the fake does instead of answering the next call: nothing at all, a failure, or the work but no answer. */
type StripeFault = 'timeout' | 'fail' | 'fail_after_effect';

type Fields = Record<string, string>;
type Intent = {
  id: string;
  object: 'payment_intent';
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  client_secret: string;
  cancellation_reason: string | null;
  metadata: Fields;
};
type Refund = {
  id: string;
  object: 'refund';
  payment_intent: string;
  amount: number;
  status: string;
  failure_reason?: string;
  metadata: Fields;
};
type Dispute = { id: string; object: 'dispute'; payment_intent: string; amount: number; status: string };
export type SignedEvent = { body: Uint8Array; headers: Record<string, string> };

export type FakeStripe = AsyncDisposable & {
  url: string;
  /** Calls that came, `POST /v1/payment_intents`, in order. */
  calls: string[];
  intents: Map<string, Intent>;
  refunds: Map<string, Refund>;
  disputes: Map<string, Dispute>;
  /** Faults of the next calls, first in, first out. */
  faults: StripeFault[];
  /** The payer pays; by default what was asked for. */
  pay(intentId: string, paid?: { amount?: number; currency?: string }): void;
  /** Somebody refunds by hand, past us. */
  refundByHand(intentId: string, amount: number): Refund;
  dispute(intentId: string, amount: number): Dispute;
  /** An event as Stripe would send it, signed now or at another time. */
  event(type: string, object: object, options?: { secret?: string; atMs?: number }): SignedEvent;
};

/** Stripe in a few lines: a real HTTP server with idempotency keys, refusals in Stripe's words, and faults on demand. */
export async function fakeStripe(options: { secret: string; now: () => number }): Promise<FakeStripe> {
  const calls: string[] = [];
  const faults: StripeFault[] = [];
  const intents = new Map<string, Intent>();
  const refunds = new Map<string, Refund>();
  const disputes = new Map<string, Dispute>();
  const answers = new Map<string, { body: string; answer: string }>();
  let made = 0;
  const nextId = (prefix: string) => `${prefix}_fake_${String(++made).padStart(6, '0')}`;
  const shelf = { intents, refunds, disputes, nextId };
  const library = new Stripe('sk_test_fake');

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    const fault = faults.shift();
    calls.push(`${request.method} ${pathname}`);
    if (fault === 'timeout') return; // The caller gives up; the socket dies with it.
    if (fault === 'fail') return send(response, 500, failure('api_error', 'the fake fails'));
    const key = request.headers['idempotency-key'];
    const before = typeof key === 'string' ? answers.get(key) : undefined;
    if (before !== undefined && before.body !== body) {
      return send(response, 400, failure('idempotency_error', 'this key was used with other parameters'));
    }
    const form = request.method === 'GET' ? searchParams : new URLSearchParams(body);
    const answer =
      before === undefined ? work(shelf, `${request.method} ${pathname}`, form) : JSON.parse(before.answer);
    if (typeof key === 'string') answers.set(key, { body, answer: JSON.stringify(answer) });
    if (fault === 'fail_after_effect')
      return send(response, 500, failure('api_error', 'the fake has done it and does not say so'));
    return send(response, 'error' in answer ? 400 : 200, answer);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const intentOf = (id: string): Intent => {
    const intent = intents.get(id);
    invariant(intent !== undefined, `payment intent ${id} is there`);
    return intent;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    intents,
    refunds,
    disputes,
    faults,
    pay(id, { amount, currency } = {}) {
      const intent = intentOf(id);
      intent.amount_received = amount ?? intent.amount;
      intent.currency = currency ?? intent.currency;
      intent.status = 'succeeded';
    },
    refundByHand(id, amount) {
      return addRefund(shelf, intentOf(id), amount, {});
    },
    dispute(id, amount) {
      const dispute: Dispute = {
        id: nextId('du'),
        object: 'dispute',
        payment_intent: id,
        amount,
        status: 'needs_response',
      };
      disputes.set(dispute.id, dispute);
      return dispute;
    },
    event(type, object, { secret = options.secret, atMs = options.now() } = {}) {
      const payload = JSON.stringify({ id: nextId('evt'), object: 'event', type, data: { object } });
      const timestamp = Math.floor(atMs / 1_000);
      const signature = library.webhooks.generateTestHeaderString({ payload, secret, timestamp });
      return { body: Buffer.from(payload), headers: { 'stripe-signature': signature } };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Shelf = Pick<FakeStripe, 'intents' | 'refunds' | 'disputes'> & { nextId: (prefix: string) => string };

function work(shelf: Shelf, call: string, form: URLSearchParams): object {
  const [, id = '', verb = ''] = /^\w+ \/v1\/payment_intents\/([^/]+)\/?(\w*)$/.exec(call) ?? [];
  if (call === 'POST /v1/payment_intents') return createIntent(shelf, form);
  if (call === 'GET /v1/refunds') return listOf([...shelf.refunds.values()], form);
  if (call === 'POST /v1/refunds') return createRefund(shelf, form);
  if (call === 'GET /v1/disputes') return listOf([...shelf.disputes.values()], form);
  const intent = shelf.intents.get(id);
  if (intent === undefined) return failure('invalid_request_error', 'no such payment intent', 'resource_missing');
  if (verb !== 'cancel') return intent;
  if (intent.status === 'succeeded') {
    return failure('invalid_request_error', 'it has succeeded', 'payment_intent_unexpected_state');
  }
  return Object.assign(intent, { status: 'canceled', cancellation_reason: form.get('cancellation_reason') });
}

/** What Stripe takes at least in CNY; less is refused in its own words. */
const MIN_FEN = 400;

function createIntent({ intents, nextId }: Shelf, form: URLSearchParams): object {
  const amount = Number(form.get('amount'));
  if (!Number.isSafeInteger(amount) || amount < MIN_FEN) {
    return failure('invalid_request_error', 'the amount is too small', 'amount_too_small');
  }
  const id = nextId('pi');
  const intent: Intent = {
    id,
    object: 'payment_intent',
    status: 'requires_payment_method',
    amount,
    amount_received: 0,
    currency: form.get('currency') ?? '',
    client_secret: `${id}_secret`,
    cancellation_reason: null,
    metadata: metadataOf(form),
  };
  intents.set(id, intent);
  return intent;
}

function createRefund(shelf: Shelf, form: URLSearchParams): object {
  const intent = shelf.intents.get(form.get('payment_intent') ?? '');
  const amount = Number(form.get('amount'));
  const refunded = [...shelf.refunds.values()].filter((one) => one.payment_intent === intent?.id);
  const left = (intent?.amount_received ?? 0) - refunded.reduce((sum, one) => sum + one.amount, 0);
  if (intent === undefined || amount > left) {
    return failure('invalid_request_error', 'more than is left', 'charge_already_refunded');
  }
  return addRefund(shelf, intent, amount, metadataOf(form));
}

function addRefund({ refunds, nextId }: Shelf, intent: Intent, amount: number, metadata: Fields): Refund {
  const refund: Refund = {
    id: nextId('re'),
    object: 'refund',
    payment_intent: intent.id,
    amount,
    status: 'succeeded',
    metadata,
  };
  refunds.set(refund.id, refund);
  return refund;
}

function listOf(all: { id: string; payment_intent: string }[], form: URLSearchParams): object {
  const data = all.filter((one) => one.payment_intent === form.get('payment_intent'));
  return { object: 'list', data, has_more: false, url: '/v1/list' };
}

function metadataOf(form: URLSearchParams): Fields {
  const entries = [...form].flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

function failure(type: string, message: string, code?: string) {
  return { error: { type, message, ...(code !== undefined && { code }) } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
