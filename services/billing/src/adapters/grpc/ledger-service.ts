import {
  alreadyExists,
  failedPrecondition,
  grpcError,
  type GrpcRefusal,
  internalHandler,
  invalidArgument,
  notFound,
  refuse,
  unary,
} from '@suanli/grpc-kit';
import {
  type LedgerServiceServer,
  LedgerServiceService,
  type Transfer as TransferMessage,
  type TransferCommand as CommandMessage,
  type TransferResult as ResultMessage,
} from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import type { GroupCommit } from '../../app/group-commit.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { Transfer } from '../../domain/ledger/transfer.ts';
import type {
  TransferAction,
  TransferCommand,
  TransferRefusal,
  TransferResult,
} from '../../domain/ledger/transfer-command.ts';
import { requireBatch, requireField } from './require.ts';

/** Orders of one call: short locks, and answers well below the size of a message. */
const MAX_COMMANDS = 200;
const TRANSFER_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_REFERENCE_CHARS = 200;

/** The ledger's own door, for operators. Callers at the same time share their commits. */
export function ledgerService(deps: BillingDeps, ledger: GroupCommit<TransferCommand, TransferResult>) {
  const access = internalHandler({ callers: ['gateway'] });
  const implementation: LedgerServiceServer = {
    submitTransfer: unary(access, async (_ctx, { command }) => {
      const [result] = await ledger.submit([readCommand(requireField('command', command))]);
      const { outcome } = requireField('result', result);
      if (outcome.kind === 'refused') return refuse(transferRefusal(outcome.refusal));
      return { transfer: transferMessage(outcome.transfer), existed: outcome.kind === 'exists' };
    }),
    submitTransfers: unary(access, async (_ctx, { commands }) => {
      const orders = requireBatch(commands, MAX_COMMANDS).map(readCommand);
      return { results: orders.length === 0 ? [] : (await ledger.submit(orders)).map(resultMessage) };
    }),
    getTransfer: unary(access, async (_ctx, { transferId }) => {
      const transfer = await deps.reads.transfer(transferId);
      return transfer === undefined ? refuse(transferNotFound) : { transfer: transferMessage(transfer) };
    }),
  };
  return { definition: LedgerServiceService, implementation };
}

const transferNotFound = notFound('TRANSFER_NOT_FOUND', 'no such transfer');

function readCommand({ transferId, currency, reference, action }: CommandMessage): TransferCommand {
  if (!TRANSFER_ID.test(transferId)) {
    throw grpcError(invalidArgument('TRANSFER_ID_INVALID', '1 to 64 characters of A-Z, a-z, 0-9, _ and - are needed'));
  }
  if (reference.length > MAX_REFERENCE_CHARS) {
    throw grpcError(invalidArgument('REFERENCE_TOO_LONG', `a reference has at most ${MAX_REFERENCE_CHARS} characters`));
  }
  return { transferId, currency, reference, action: readAction(requireField('action', action)) };
}

function readAction(action: NonNullable<CommandMessage['action']>): TransferAction {
  switch (action.$case) {
    case 'post': {
      const { fromAccountId, toAccountId, amountMicros } = action.value;
      return { kind: 'post', fromAccountId, toAccountId, amountMicros };
    }
    case 'pending': {
      const { fromAccountId, amountMicros, timeoutMs } = action.value;
      return { kind: 'pending', fromAccountId, amountMicros, timeoutMs: Number(timeoutMs) };
    }
    case 'postPending':
      return { kind: 'post_pending', pendingId: action.value.pendingId, amountMicros: action.value.amountMicros };
    case 'voidPending':
      return { kind: 'void_pending', pendingId: action.value.pendingId };
    case 'reversal':
      return { kind: 'reversal', reversalOf: action.value.transferId };
  }
}

function resultMessage({ transferId, outcome }: TransferResult): ResultMessage {
  switch (outcome.kind) {
    case 'created':
      return { transferId, outcome: { $case: 'created', value: transferMessage(outcome.transfer) } };
    case 'exists':
      return { transferId, outcome: { $case: 'exists', value: transferMessage(outcome.transfer) } };
    case 'refused':
      return { transferId, outcome: { $case: 'refusal', value: outcome.refusal } };
  }
}

function transferMessage(transfer: Transfer): TransferMessage {
  return {
    transferId: transfer.id,
    kind: transfer.kind,
    code: transfer.code,
    fromAccountId: transfer.fromAccountId,
    toAccountId: transfer.toAccountId,
    amountMicros: transfer.amountMicros,
    pendingId: transfer.holdId ?? '',
    reversalOf: transfer.reversalOf ?? '',
    reference: transfer.reference,
    createdAt: new Date(transfer.createdAt),
  };
}

/** One status and one sentence for each way an order can be refused. */
export function transferRefusal({ reason, missingMicros }: TransferRefusal): GrpcRefusal {
  switch (reason) {
    case 'exists_with_different_kind':
    case 'exists_with_different_pending':
    case 'exists_with_different_accounts':
    case 'exists_with_different_amount':
    case 'exists_with_different_timeout':
    case 'exists_with_different_reference':
      return alreadyExists(reason, 'this id was used for another order');
    case 'currency_not_supported':
      return invalidArgument(reason, 'wallets are kept in CNY');
    case 'amount_out_of_range':
      return invalidArgument(reason, 'the amount must be positive and at most 1,000,000,000 yuan');
    case 'timeout_out_of_range':
      return invalidArgument(reason, 'a reserve lasts from 1 ms to 30 days');
    case 'accounts_are_the_same':
      return invalidArgument(reason, 'payer and payee are the same account');
    case 'account_not_found':
      return notFound(reason, 'no such account, or one whose money cannot be reserved');
    case 'account_frozen':
      return failedPrecondition(reason, 'this wallet is frozen');
    case 'pending_not_found':
      return notFound(reason, 'no such pending transfer');
    case 'pending_expired':
      return failedPrecondition(reason, 'the time of this pending transfer has passed');
    case 'pending_already_voided':
      return failedPrecondition(reason, 'this pending transfer was voided');
    case 'pending_already_posted':
      return failedPrecondition(reason, 'this pending transfer was posted whole');
    case 'exceeds_pending_amount':
      return failedPrecondition(reason, 'the pending transfer has less left', { missing_micros: missingMicros });
    case 'transfer_not_found':
      return notFound(reason, 'no such transfer');
    case 'transfer_is_a_reversal':
      return failedPrecondition(reason, 'a reversal cannot be reversed');
    case 'transfer_not_reversible':
      return failedPrecondition(reason, 'only what was paid through this door can be reversed here');
    case 'transfer_already_reversed':
      return failedPrecondition(reason, 'this transfer was reversed before');
    case 'exceeds_credits':
      return failedPrecondition(reason, 'the payer has not enough money', { missing_micros: missingMicros });
  }
}
