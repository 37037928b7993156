import { invariant } from '@suanli/kernel';
import {
  type BankTransfer,
  type BankTransferRefusalReason,
  differingFields,
  type IncomingPayment,
  refuseBankTransfer,
} from '../../domain/recharge/incoming-payment.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import { findReferences } from '../../domain/recharge/reference-code.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { bookMovements } from './book-movements.ts';

export const BANK_TRANSFER = 'bank_transfer';
export const MAX_BANK_TRANSFERS = 100;

export type BankTransferOutcome =
  | { kind: 'booked' | 'unmatched'; payment: IncomingPayment }
  /** `fields`: where it differs from what was told of this serial number before. */
  | { kind: 'refused'; reason: BankTransferRefusalReason; fields?: string[] };

/**
 * Takes transfers that arrived at the bank, each in a transaction of its own: one refusal does not touch the others, and
 * a list that was cut off is simply told again.
 */
export async function receiveBankTransfers(
  deps: BillingDeps,
  transfers: readonly BankTransfer[],
): Promise<BankTransferOutcome[]> {
  const outcomes: BankTransferOutcome[] = [];
  for (const transfer of transfers) outcomes.push(await receiveBankTransfer(deps, transfer));
  return outcomes;
}

async function receiveBankTransfer(deps: BillingDeps, transfer: BankTransfer): Promise<BankTransferOutcome> {
  if (!deps.channels.has(BANK_TRANSFER)) return { kind: 'refused', reason: 'recharge_channel_unavailable' };
  const now = deps.clock.now();
  const reason = refuseBankTransfer(transfer, now);
  if (reason !== undefined) return { kind: 'refused', reason };
  return deps.transact(async (stores) => {
    const arrived: IncomingPayment = {
      id: deps.ids.next('pay'),
      channel: BANK_TRANSFER,
      ...transfer,
      state: 'unmatched',
      reason: 'unknown_reference',
      rechargeId: '',
      createdAt: now,
      updatedAt: now,
    };
    const claim = await stores.incomingPayments.claim(arrived);
    if (claim.kind === 'known') return again(claim.payment, transfer);
    const named = await stores.recharges.findByReferences(BANK_TRANSFER, findReferences(transfer.note));
    // Two codes in one note: nobody but the payer knows what was meant.
    const [recharge] = named;
    if (recharge === undefined || named.length > 1) return { kind: 'unmatched', payment: arrived };
    return bookPayment(deps, stores, arrived, recharge);
  });
}

function again(known: IncomingPayment, told: BankTransfer): BankTransferOutcome {
  const fields = differingFields(known, told);
  if (fields.length > 0) return { kind: 'refused', reason: 'serial_number_reused', fields };
  return { kind: known.state, payment: known };
}

/** Books a payment whose row this transaction has, for a recharge. What arrived counts, not what was asked for. */
export async function bookPayment(
  deps: BillingDeps,
  stores: BillingStores,
  payment: IncomingPayment,
  recharge: Recharge,
): Promise<{ kind: 'booked' | 'unmatched'; payment: IncomingPayment }> {
  const { serialNumber, amountMicros } = payment;
  const batch = await lockBatch(deps, stores, { accountIds: [recharge.tenant.accountId], holdIds: [] });
  const current = await stores.recharges.get(recharge.id);
  invariant(current !== undefined, `recharge ${recharge.id} is there`);
  const receipt = { kind: 'receipt' as const, serialNumber, amountMicros, movesMoney: true };
  const result = await bookMovements(stores, batch, current, [receipt]);
  const updatedAt = Math.max(payment.updatedAt, batch.now);
  const known = { ...payment, rechargeId: recharge.id, updatedAt };
  if (result.kind === 'refused') {
    const full: IncomingPayment = { ...known, state: 'unmatched', reason: 'wallet_full' };
    await stores.incomingPayments.save(full);
    return { kind: 'unmatched', payment: full };
  }
  const booked: IncomingPayment = { ...known, state: 'booked', reason: '' };
  const { nextCheckAt: _ended, ...settled } = result.recharge;
  // A provider that can be asked is asked at once: what it took back meanwhile is booked next.
  const isAsked = deps.channels.get(recharge.channel)?.kind === 'waiting' && recharge.providerId !== '';
  const after = { ...settled, version: settled.version + 1n, ...(isAsked && { nextCheckAt: batch.now }) };
  await stores.recharges.save(after);
  await stores.incomingPayments.save(booked);
  await writeBatch(deps, stores, batch);
  return { kind: 'booked', payment: booked };
}
