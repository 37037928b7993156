import type { OutboxEvent } from '@suanli/postgres';
import {
  CreditGiven,
  InvoiceIssued,
  RefundChanged,
  ReservationChanged,
  SubscriptionChanged,
} from '@suanli/proto/suanli/events/v1/commerce.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { DocumentEvent } from '../../app/documents/ports.ts';
import type { PlanEvent } from '../../app/plans/ports.ts';
import type { RefundEvent } from '../../app/refunds/ports.ts';
import { writeTenant } from '../proto-tenant.ts';

type Fact = Omit<OutboxEvent, 'id' | 'occurredAt'>;

export function planFact(event: PlanEvent): Fact {
  const { subscription } = event;
  const { id, version, tenant, terms, periodFrom, periodTo, endReason = '' } = subscription;
  const about = { aggregateId: id, aggregateVersion: version, tenant };
  if (event.kind === 'subscription_changed') {
    return {
      ...about,
      subject: EVENTS.subscriptionChanged.subject,
      payload: SubscriptionChanged.toJSON({
        subscriptionId: id,
        tenant: writeTenant(tenant),
        change: event.change,
        planCode: terms.planCode,
        quantity: terms.quantity,
        periodTo: new Date(periodTo),
        endReason,
      }),
    };
  }
  const { benefit } = event.plan;
  const capacity = benefit.kind === 'reservation' ? benefit : { item: '', region: '', count: 0 };
  return {
    ...about,
    subject: event.kind === 'reservation_ended' ? EVENTS.reservationEnded.subject : EVENTS.reservationPurchased.subject,
    payload: ReservationChanged.toJSON({
      reservationId: id,
      tenant: writeTenant(tenant),
      item: capacity.item,
      region: capacity.region,
      count: capacity.count * terms.quantity,
      from: new Date(periodFrom),
      until: new Date(subscription.endedAt ?? periodTo),
      endReason,
    }),
  };
}

export function refundFact(event: RefundEvent): Fact {
  if (event.kind === 'credit_given') return creditFact(event.credit);
  const { id, tenant, kind, state, amountMicros, currency } = event.refund;
  return {
    subject: EVENTS.refundChanged.subject,
    aggregateId: id,
    aggregateVersion: STEPS[state],
    tenant,
    payload: RefundChanged.toJSON({ refundId: id, tenant: writeTenant(tenant), kind, state, amountMicros, currency }),
  };
}

/** A refund only goes forward, so its state is its version. */
const STEPS = { done: 1n, requested: 1n, approved: 2n, rejected: 3n, paid: 3n } as const;

function creditFact(credit: Extract<RefundEvent, { kind: 'credit_given' }>['credit']): Fact {
  const { id, tenant, source, reason, amountMicros, currency } = credit;
  return {
    subject: EVENTS.creditGiven.subject,
    aggregateId: id,
    aggregateVersion: 1n,
    tenant,
    payload: CreditGiven.toJSON({
      creditId: id,
      tenant: writeTenant(tenant),
      sourceKind: source.kind,
      sourceId: source.id,
      epoch: source.epoch,
      ...{ reason, amountMicros, currency },
    }),
  };
}

export function documentFact({ invoice }: DocumentEvent): Fact {
  const { id, accountId, number, kind, totalMicros, currency } = invoice;
  return {
    subject: EVENTS.invoiceIssued.subject,
    aggregateId: id,
    aggregateVersion: 1n,
    payload: InvoiceIssued.toJSON({ invoiceId: id, accountId, number, kind, totalMicros, currency }),
  };
}
