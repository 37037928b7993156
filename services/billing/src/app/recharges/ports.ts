import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { IncomingPayment } from '../../domain/recharge/incoming-payment.ts';
import type { Recharge, RechargeMovement, RechargeRefusalReason } from '../../domain/recharge/recharge.ts';
import type { Standing } from '../../domain/recharge/standing.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

/** Whoever changes a recharge or a debt has the wallet of its account locked. */
export interface RechargeStore {
  insert(recharge: Recharge): Promise<void>;
  save(recharge: Recharge): Promise<void>;
  get(rechargeId: string): Promise<Recharge | undefined>;
  findByReferences(channel: string, references: readonly string[]): Promise<Recharge[]>;
  /** False when this movement of the channel was booked before. Comes before its transfers, in their transaction. */
  insertMovement(movement: RechargeMovement): Promise<boolean>;
  /** Serial numbers of what is booked for a recharge. */
  bookedSerials(rechargeId: string): Promise<Set<string>>;
  /** What the account owes the platform. */
  owedMicros(accountId: string): Promise<Micros>;
  saveOwed(accountId: string, owedMicros: Micros, now: Instant): Promise<void>;
}

export interface IncomingPaymentStore {
  /** The payment that has this serial number: this one when it is the first. A concurrent claim of it waits. */
  claim(payment: IncomingPayment): Promise<{ kind: 'new' } | { kind: 'known'; payment: IncomingPayment }>;
  save(payment: IncomingPayment): Promise<void>;
  /** Locked until the transaction ends. */
  lock(paymentId: string): Promise<IncomingPayment | undefined>;
}

export type Debt = { accountId: string; owedMicros: Micros; updatedAt: Instant };

export interface RechargeReads {
  recharges(visible: Visible, page: PageQuery, status: string): Promise<Page<Recharge>>;
  /** Whoever asks; tenants ask through `visible`. */
  recharge(rechargeId: string, visible?: Visible): Promise<Recharge | undefined>;
  rechargeOfProvider(channel: string, providerId: string): Promise<Recharge | undefined>;
  movements(rechargeId: string): Promise<RechargeMovement[]>;
  /** Recharges whose provider is to be asked, longest due first. */
  dueRecharges(now: Instant, limit: number): Promise<Recharge[]>;
  incomingPayments(page: PageQuery, state: string): Promise<Page<IncomingPayment>>;
  debt(accountId: string): Promise<Micros>;
  debts(page: PageQuery): Promise<Page<Debt>>;
}

/** What a payer asks an instant channel to do. */
type PaymentOrder = {
  tenant: TenantPath;
  requestId: string;
  amountMicros: Micros;
  currency: string;
  /** As the caller gave it; empty when it has none. */
  serialNumber: string;
};

/** Money back to the payer through the channel that it came by. The id makes it happen once. */
type ChannelRefund = { refundId: string; amountMicros: Micros };
export type ChannelRefundOutcome =
  /** The money is on its way or there. `serialNumber` is the channel's own number of it. */
  | { kind: 'done'; serialNumber: string }
  /** Asked for, not certain yet: ask again later with the same id. `manual`: an operator has to make the transfer. */
  | { kind: 'pending'; serialNumber: string; isManual: boolean }
  | { kind: 'refused'; reason: string };

/** A provider is away or has failed. Nothing is known of the call, and it may be made again. */
export class ProviderUnavailable extends Error {
  override name = 'ProviderUnavailable';
  constructor(channel: string, cause: unknown) {
    super(`${channel} did not answer`, { cause });
  }
}

type ChannelBase = {
  readonly name: string;
  /** Why this channel cannot carry an amount; absent when it can. */
  refuseAmount(
    amountMicros: Micros,
  ): Extract<RechargeRefusalReason, 'amount_out_of_range' | 'amount_not_whole_fen'> | undefined;
  /** Called outside of transactions, and again with the same refund id after a crash: it happens once. */
  refund(recharge: Recharge, refund: ChannelRefund): Promise<ChannelRefundOutcome>;
};

/** Confirms a payment at once. Asked again with the same request id it answers the same. */
export type InstantChannel = ChannelBase & {
  readonly kind: 'instant';
  receive(order: PaymentOrder): Promise<{ serialNumber: string }>;
};

/** Offers a payment that somebody makes later. All of it is called outside of transactions and may be repeated. */
export type WaitingChannel = ChannelBase & {
  readonly kind: 'waiting';
  /** Whether it can be asked what has become of a payment. When not, others tell. */
  readonly canBeAsked: boolean;
  /** How long an offer lasts. */
  readonly offerMs: number;
  /** Makes the offer. The same recharge id gives the same offer. A failure is final, a throw is not. */
  open(recharge: Recharge): Promise<Offer>;
  /** What the provider knows. An offer that has ended is withdrawn first, so that `withdrawn` is final. */
  inspect(recharge: Recharge, offer: { hasEnded: boolean }): Promise<Standing>;
  /** Reads news that somebody sent us; only what is proven to come from the provider is more than noise. */
  readWebhook?(webhook: Webhook): WebhookReading;
};

export type Offer =
  | { kind: 'offered'; providerId: string; instructions: Record<string, string> }
  | { kind: 'failed'; reason: string };

/** As it came in: the body untouched, the names of headers in lower case. */
export type Webhook = { body: Uint8Array; headers: Readonly<Record<string, string>> };
export type WebhookRefusalReason =
  | 'webhook_signature_invalid'
  | 'webhook_signature_expired'
  | 'webhook_signature_in_future'
  | 'webhook_body_invalid';
export type WebhookReading =
  /** Something about a payment has changed. `rechargeId` is empty when only the provider's id is known. */
  | { kind: 'news'; providerId: string; rechargeId: string }
  | { kind: 'irrelevant' }
  | { kind: 'refused'; reason: WebhookRefusalReason };

/** A way for money to come in, and to go back. */
export type RechargeChannel = InstantChannel | WaitingChannel;
