import type {
  BankTransferResult,
  Debt,
  IncomingPayment,
  RechargeDetail,
  RechargeMovement,
} from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { z } from 'zod';
import { currency, instant, micros, timeOf } from '../../schemas.ts';

const movementView = z.object({
  id: z.string(),
  kind: z.string().meta({ description: '`receipt`, `refund`, `refund_returned`, `dispute`, `dispute_returned`' }),
  serial_number: z.string(),
  amount_micros: micros,
  wallet_micros: micros,
  owed_micros: micros,
  created_at: instant.optional(),
});
const toMovementView = (movement: RechargeMovement): z.infer<typeof movementView> => ({
  id: movement.movementId,
  kind: movement.kind,
  serial_number: movement.serialNumber,
  amount_micros: String(movement.amountMicros),
  wallet_micros: String(movement.walletMicros),
  owed_micros: String(movement.owedMicros),
  created_at: timeOf(movement.createdAt),
});

export const rechargeView = z.object({
  id: z.string(),
  channel: z.string(),
  amount_micros: micros,
  currency,
  status: z.string().meta({ description: '`created`, `pending`, `succeeded`, `failed`, `expired`' }),
  reference: z.string().meta({ description: 'To write into the note of a bank transfer' }),
  instructions: z.record(z.string(), z.string()).meta({ description: 'How to pay, in the words of the channel' }),
  reason: z.string(),
  received_micros: micros,
  refunded_micros: micros,
  disputed_micros: micros,
  expires_at: instant.optional(),
  created_at: instant.optional(),
  updated_at: instant.optional(),
});
export const toRechargeView = (recharge: RechargeDetail): z.infer<typeof rechargeView> => ({
  id: recharge.rechargeId,
  channel: recharge.channel,
  amount_micros: String(recharge.amountMicros),
  currency: recharge.currency,
  status: recharge.status,
  reference: recharge.reference,
  instructions: recharge.instructions,
  reason: recharge.reason,
  received_micros: String(recharge.receivedMicros),
  refunded_micros: String(recharge.refundedMicros),
  disputed_micros: String(recharge.disputedMicros),
  expires_at: timeOf(recharge.expiresAt),
  created_at: timeOf(recharge.createdAt),
  updated_at: timeOf(recharge.updatedAt),
});
export const rechargeDetailView = rechargeView.extend({ movements: z.array(movementView) });
export const toRechargeDetailView = (recharge: RechargeDetail): z.infer<typeof rechargeDetailView> => ({
  ...toRechargeView(recharge),
  movements: recharge.movements.map(toMovementView),
});

export const paymentView = z.object({
  id: z.string(),
  channel: z.string(),
  serial_number: z.string(),
  amount_micros: micros,
  currency,
  payer: z.string(),
  reference: z.string(),
  booked_at: instant.optional(),
  state: z.string().meta({ description: '`booked` or `unmatched`' }),
  reason: z.string(),
  recharge_id: z.string(),
  created_at: instant.optional(),
  updated_at: instant.optional(),
});
export const toPaymentView = (payment: IncomingPayment): z.infer<typeof paymentView> => ({
  id: payment.paymentId,
  channel: payment.channel,
  serial_number: payment.serialNumber,
  amount_micros: String(payment.amountMicros),
  currency: payment.currency,
  payer: payment.payer,
  reference: payment.reference,
  booked_at: timeOf(payment.bookedAt),
  state: payment.state,
  reason: payment.reason,
  recharge_id: payment.rechargeId,
  created_at: timeOf(payment.createdAt),
  updated_at: timeOf(payment.updatedAt),
});

export const bankTransferResultView = z.object({
  serial_number: z.string(),
  payment: paymentView.optional(),
  refusal: z.object({ code: z.string(), message: z.string(), fields: z.array(z.string()) }).optional(),
});
export const toBankTransferResultView = (result: BankTransferResult): z.infer<typeof bankTransferResultView> => {
  const { serialNumber: serial_number, outcome } = result;
  if (outcome?.$case === 'payment') return { serial_number, payment: toPaymentView(outcome.value) };
  const { reason = 'INTERNAL_ERROR', message = '', fields = [] } = outcome?.value ?? {};
  return { serial_number, refusal: { code: reason.toLowerCase(), message, fields } };
};

export const debtView = z.object({
  account_id: z.string(),
  owed_micros: micros,
  currency,
  updated_at: instant.optional(),
});
export const toDebtView = (debt: Debt): z.infer<typeof debtView> => ({
  account_id: debt.accountId,
  owed_micros: String(debt.owedMicros),
  currency: debt.currency,
  updated_at: timeOf(debt.updatedAt),
});
