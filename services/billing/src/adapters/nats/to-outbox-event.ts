import type { Instant } from '@suanli/kernel';
import type { OutboxEvent } from '@suanli/postgres';
import { ChargeRated, HoldEnded, WalletLevelChanged } from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { BillingEvent } from '../../app/ports.ts';
import { availableMicros } from '../../domain/ledger/wallet.ts';
import { writeTenant } from '../proto-tenant.ts';
import { documentFact, planFact, refundFact } from './commerce-events.ts';
import { lotChanged } from './credit-events.ts';
import { accountArrearsChanged, accountFrozenChanged, budgetThresholdReached } from './guard-events.ts';
import { ledgerSealed, transfersBooked } from './ledger-events.ts';

type Fact = Omit<OutboxEvent, 'id' | 'occurredAt'>;

/** The one translator of domain events into what other services read. */
export function toOutboxEvent(event: BillingEvent, id: string, occurredAt: Instant): OutboxEvent {
  return { id, occurredAt, ...factOf(event, occurredAt) };
}

function factOf(event: BillingEvent, occurredAt: Instant): Fact {
  switch (event.kind) {
    case 'transfers_booked':
      return transfersBooked(event);
    case 'ledger_sealed':
      return ledgerSealed(event);
    case 'budget_threshold_reached':
      return budgetThresholdReached(event);
    case 'account_arrears_changed':
      return accountArrearsChanged(event);
    case 'account_frozen':
    case 'account_unfrozen':
      return accountFrozenChanged(event);
    case 'lot_expired':
    case 'lot_expiring':
      return lotChanged(event);
    case 'reservation_purchased':
    case 'reservation_ended':
    case 'subscription_changed':
      return planFact(event);
    case 'refund_changed':
    case 'credit_given':
      return refundFact(event);
    case 'invoice_issued':
      return documentFact(event);
    case 'hold_ended':
      return holdEnded(event);
    case 'wallet_level_changed':
      return walletLevelChanged(event, occurredAt);
    case 'charge_rated':
      return chargeRated(event);
  }
}

function holdEnded({ hold }: Extract<BillingEvent, { kind: 'hold_ended' }>): Fact {
  const { id, tenant, purpose, capturedMicros, releasedMicros, version, status } = hold;
  return {
    subject: status === 'expired' ? EVENTS.holdExpired.subject : EVENTS.holdClosed.subject,
    aggregateId: id,
    aggregateVersion: version,
    tenant,
    payload: HoldEnded.toJSON({
      holdId: id,
      tenant: writeTenant(tenant),
      purposeKind: purpose.kind,
      purposeId: purpose.id,
      epoch: purpose.epoch,
      capturedMicros,
      releasedMicros,
    }),
  };
}

const LEVEL_SUBJECTS = {
  ran_low: EVENTS.walletRanLow.subject,
  exhausted: EVENTS.walletExhausted.subject,
  restored: EVENTS.walletRestored.subject,
};

function walletLevelChanged(event: Extract<BillingEvent, { kind: 'wallet_level_changed' }>, occurredAt: Instant): Fact {
  const { wallet, change } = event;
  return {
    subject: LEVEL_SUBJECTS[change],
    aggregateId: wallet.id,
    aggregateVersion: wallet.sequence,
    payload: WalletLevelChanged.toJSON({
      walletId: wallet.id,
      accountId: wallet.accountId,
      availableMicros: availableMicros(wallet),
      occurredAt: new Date(occurredAt),
    }),
  };
}

function chargeRated({ charge, usage, line }: Extract<BillingEvent, { kind: 'charge_rated' }>): Fact {
  return {
    subject: EVENTS.chargeRated.subject,
    aggregateId: line.id,
    aggregateVersion: line.version,
    tenant: usage.tenant,
    payload: ChargeRated.toJSON({
      usageId: usage.usageId,
      tenant: writeTenant(usage.tenant),
      sourceKind: usage.source.kind,
      sourceId: usage.source.id,
      epoch: usage.source.epoch,
      costKey: usage.costKey,
      billLineId: line.id,
      amountMicros: charge.amountMicros,
      lineAmountMicros: line.amountMicros,
      currency: line.currency,
      meter: charge.meter,
      quantity: charge.quantity,
    }),
  };
}
