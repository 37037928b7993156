import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type BankTransfer as BankTransferMessage,
  BankTransferServiceService,
  type BankTransferServiceServer,
} from '@suanli/proto/suanli/billing/v1/recharge.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { assignPayment } from '../../../app/recharges/assign-payment.ts';
import { MAX_BANK_TRANSFERS, receiveBankTransfers } from '../../../app/recharges/receive-bank-transfers.ts';
import type { BankTransfer } from '../../../domain/recharge/incoming-payment.ts';
import { pageInfo, readPage } from '../page.ts';
import { bankTransferResult, debtMessage, paymentMessage } from './recharge-messages.ts';
import { assignRefusal } from './recharge-refusals.ts';
import { requireBatch, requireField, requireTime } from '../require.ts';

const STATES: readonly string[] = ['', 'booked', 'unmatched'];
const MAX_PAYER_CHARS = 200;
const MAX_NOTE_CHARS = 1_000;

/** What arrived at the bank, told by an operator or a feed, and what nobody could place. */
export function bankTransferService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: ['operator'] });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: ['operator'] });
  const implementation: BankTransferServiceServer = {
    postBankTransfers: unary(write, async (_ctx, request) => {
      const told = requireBatch(request.transfers, MAX_BANK_TRANSFERS).map(readTransfer);
      const outcomes = await receiveBankTransfers(deps, told);
      return {
        results: outcomes.map((outcome, index) => bankTransferResult(told[index]?.serialNumber ?? '', outcome)),
      };
    }),

    listIncomingPayments: unary(read, async (_ctx, { page: asked, state }) => {
      if (!STATES.includes(state)) {
        throw grpcError(invalidArgument('STATUS_UNKNOWN', 'state must be booked or unmatched', { state }));
      }
      const page = await deps.reads.incomingPayments(readPage('payments', asked), state);
      return { payments: page.rows.map(paymentMessage), page: pageInfo('payments', page) };
    }),

    assignIncomingPayment: unary(write, async (ctx, { paymentId, accountId }) => {
      requireField('account_id', accountId);
      const outcome = await assignPayment(deps, ctx, { paymentId, accountId });
      return outcome.kind === 'refused'
        ? refuse(assignRefusal(outcome.reason))
        : { payment: paymentMessage(outcome.payment) };
    }),

    listDebts: unary(read, async (_ctx, request) => {
      const page = await deps.reads.debts(readPage('debts', request.page));
      return { debts: page.rows.map(debtMessage), page: pageInfo('debts', page) };
    }),
  };
  return { definition: BankTransferServiceService, implementation };
}

function readTransfer(message: BankTransferMessage): BankTransfer {
  const { serialNumber, amountMicros, currency, payer, reference } = message;
  if (payer.length > MAX_PAYER_CHARS || reference.length > MAX_NOTE_CHARS) {
    throw grpcError(
      invalidArgument('FIELD_TOO_LONG', `payer has at most ${MAX_PAYER_CHARS} characters, reference ${MAX_NOTE_CHARS}`),
    );
  }
  const bookedAt = requireTime('booked_at', message.bookedAt);
  return { serialNumber, amountMicros, currency, payer, note: reference, bookedAt };
}
