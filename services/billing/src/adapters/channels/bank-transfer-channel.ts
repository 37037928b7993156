import { BANK_TRANSFER } from '../../app/recharges/receive-bank-transfers.ts';
import type { WaitingChannel } from '../../app/recharges/ports.ts';
import { refuseFen } from '../../domain/recharge/recharge.ts';

/** The account of the platform at its bank. */
type BankPayee = { name: string; bank: string; account: string };

const OFFER_MS = 14 * 24 * 3_600_000;

/**
 * The payer transfers by bank and writes the reference into the note; an operator or a bank feed tells us what arrived.
 * An offer that has ended is only no longer expected: a transfer that names it is booked all the same.
 */
export function bankTransferChannel(payee: BankPayee): WaitingChannel {
  return {
    name: BANK_TRANSFER,
    kind: 'waiting',
    canBeAsked: false,
    offerMs: OFFER_MS,
    refuseAmount: (micros) => refuseFen(micros),
    open: async ({ id, reference }) => ({
      kind: 'offered',
      providerId: id,
      instructions: { payee_name: payee.name, payee_bank: payee.bank, payee_account: payee.account, reference },
    }),
    inspect: async ({ providerId }, { hasEnded }) => ({
      providerId,
      payment: { kind: hasEnded ? 'withdrawn' : 'waiting' },
      takenBack: [],
    }),
    refund: async (_recharge, { refundId }) => ({ kind: 'pending', serialNumber: refundId, isManual: true }),
  };
}
