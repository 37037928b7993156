import { CURRENCY } from '@suanli/kernel';
import type {
  BankTransferResult,
  IncomingPayment as PaymentMessage,
  RechargeDetail,
  RechargeMovement as MovementMessage,
} from '@suanli/proto/suanli/billing/v1/recharge.ts';
import type { Debt } from '../../../app/recharges/ports.ts';
import type { BankTransferOutcome } from '../../../app/recharges/receive-bank-transfers.ts';
import type { IncomingPayment } from '../../../domain/recharge/incoming-payment.ts';
import type { Recharge, RechargeMovement } from '../../../domain/recharge/recharge.ts';
import { bankTransferRefusal } from './recharge-refusals.ts';

const at = (instant: number) => new Date(instant);

export function rechargeDetail(recharge: Recharge, movements: readonly RechargeMovement[] = []): RechargeDetail {
  return {
    rechargeId: recharge.id,
    channel: recharge.channel,
    amountMicros: recharge.amountMicros,
    currency: recharge.currency,
    status: recharge.status,
    reference: recharge.reference,
    instructions: { ...recharge.instructions },
    reason: recharge.reason,
    receivedMicros: recharge.receivedMicros,
    refundedMicros: recharge.refundedMicros,
    disputedMicros: recharge.disputedMicros,
    expiresAt: at(recharge.expiresAt),
    createdAt: at(recharge.createdAt),
    updatedAt: at(recharge.updatedAt),
    movements: movements.map(movementMessage),
  };
}

function movementMessage(movement: RechargeMovement): MovementMessage {
  const { id, kind, serialNumber, amountMicros, walletMicros, owedMicros, createdAt } = movement;
  return { movementId: id, kind, serialNumber, amountMicros, walletMicros, owedMicros, createdAt: at(createdAt) };
}

export function paymentMessage({ id, note, ...payment }: IncomingPayment): PaymentMessage {
  return {
    ...payment,
    paymentId: id,
    reference: note,
    bookedAt: at(payment.bookedAt),
    createdAt: at(payment.createdAt),
    updatedAt: at(payment.updatedAt),
  };
}

export function bankTransferResult(serialNumber: string, outcome: BankTransferOutcome): BankTransferResult {
  if (outcome.kind === 'refused') {
    const value = bankTransferRefusal(outcome.reason, outcome.fields);
    return { serialNumber, outcome: { $case: 'refusal', value } };
  }
  return { serialNumber, outcome: { $case: 'payment', value: paymentMessage(outcome.payment) } };
}

export function debtMessage({ accountId, owedMicros, updatedAt }: Debt) {
  return { accountId, owedMicros, currency: CURRENCY, updatedAt: at(updatedAt) };
}
