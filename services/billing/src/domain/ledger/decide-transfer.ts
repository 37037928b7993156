import { CURRENCY, type Micros } from '@suanli/kernel';
import { decideExpire } from '../hold/decide-hold.ts';
import { type Hold, isResolved, MAX_AMOUNT_MICROS, remainingMicros } from '../hold/hold.ts';
import { captureHold, placeTransferHold, voidHold } from './decide-pending.ts';
import type { Change, LedgerBatch } from './ledger-batch.ts';
import { type Transfer, transferOf } from './transfer.ts';
import {
  MAX_TIMEOUT_MS,
  TRANSFER_PURPOSE,
  type TransferAction,
  type TransferCommand,
  type TransferOutcome,
  type TransferRefusalReason,
} from './transfer-command.ts';
import { freeCashMicros } from './wallet.ts';

/** What the decisions look at beside the locked wallets and holds. Grows while a batch is folded. */
export class KnownTransfers {
  readonly #byId = new Map<string, Transfer>();
  readonly #reversed = new Set<string>();
  readonly #accounts: ReadonlySet<string>;

  constructor(transfers: readonly Transfer[], platformAccountIds: readonly string[]) {
    this.#accounts = new Set(platformAccountIds);
    for (const transfer of transfers) this.add(transfer);
  }

  add(transfer: Transfer): void {
    this.#byId.set(transfer.id, transfer);
    if (transfer.reversalOf !== undefined) this.#reversed.add(transfer.reversalOf);
  }

  get(transferId: string): Transfer | undefined {
    return this.#byId.get(transferId);
  }

  isReversed(transferId: string): boolean {
    return this.#reversed.has(transferId);
  }

  isPlatformAccount(accountId: string): boolean {
    return this.#accounts.has(accountId);
  }
}

type Decision = { kind: 'changed'; change: Change; transfer: Transfer } | { kind: 'refused'; refusal: Refusal };
type Refusal = { reason: TransferRefusalReason; missingMicros: Micros };
type Order<Kind extends TransferAction['kind']> = {
  command: TransferCommand;
  action: Extract<TransferAction, { kind: Kind }>;
};

/** Decides one order on what the ones before it in the batch have left, and books it into the batch. */
export function foldTransfer(batch: LedgerBatch, known: KnownTransfers, command: TransferCommand): TransferOutcome {
  const before = known.get(command.transferId);
  if (before !== undefined) return compare(batch, before, command);
  if (command.currency !== CURRENCY) return refused('currency_not_supported');
  const decision = decide(batch, known, command);
  if (decision.kind === 'refused') return decision;
  batch.apply(decision.change);
  known.add(decision.transfer);
  return { kind: 'created', transfer: decision.transfer };
}

function decide(batch: LedgerBatch, known: KnownTransfers, command: TransferCommand): Decision {
  const { action } = command;
  switch (action.kind) {
    case 'post':
      return decidePost(batch, known, { command, action });
    case 'pending':
      return decidePending(batch, { command, action });
    case 'post_pending':
      return decidePostPending(batch, { command, action });
    case 'void_pending':
      return decideVoidPending(batch, { command, action });
    case 'reversal':
      return decideReversal(batch, known, { command, action });
  }
}

function decidePost(batch: LedgerBatch, known: KnownTransfers, { command, action }: Order<'post'>): Decision {
  const { fromAccountId, toAccountId, amountMicros } = action;
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  if (fromAccountId === toAccountId) return refused('accounts_are_the_same');
  for (const accountId of [fromAccountId, toAccountId]) {
    if (batch.wallet(accountId) === undefined && !known.isPlatformAccount(accountId))
      return refused('account_not_found');
  }
  return pay(batch, command, { kind: 'post', code: 'movement', fromAccountId, toAccountId, amountMicros });
}

function decideReversal(batch: LedgerBatch, known: KnownTransfers, { command, action }: Order<'reversal'>): Decision {
  const paid = known.get(action.reversalOf);
  if (paid === undefined) return refused('transfer_not_found');
  if (paid.kind === 'reversal') return refused('transfer_is_a_reversal');
  if (paid.kind !== 'post' || paid.code !== 'movement') return refused('transfer_not_reversible');
  if (known.isReversed(paid.id)) return refused('transfer_already_reversed');
  const { fromAccountId: toAccountId, toAccountId: fromAccountId, amountMicros } = paid;
  const reversalOf = paid.id;
  return pay(batch, command, {
    kind: 'reversal',
    code: 'reversal',
    fromAccountId,
    toAccountId,
    amountMicros,
    reversalOf,
  });
}

type Movement = Pick<Transfer, 'kind' | 'code' | 'fromAccountId' | 'toAccountId' | 'amountMicros'> & {
  reversalOf?: string;
};

/** A payer that is an account of the platform has no floor: its balance only tells where money came from. */
function pay(batch: LedgerBatch, command: TransferCommand, movement: Movement): Decision {
  const payer = batch.wallet(movement.fromAccountId);
  if (payer?.status === 'frozen') return refused('account_frozen');
  const missingMicros = payer === undefined ? 0n : movement.amountMicros - freeCashMicros(payer);
  if (missingMicros > 0n) return refused('exceeds_credits', missingMicros);
  const { transferId: id, reference } = command;
  const transfer = transferOf({ id, ...movement, reference, createdAt: batch.now });
  return { kind: 'changed', change: { transfers: [transfer] }, transfer };
}

function decidePending(batch: LedgerBatch, { command, action }: Order<'pending'>): Decision {
  const { fromAccountId, amountMicros, timeoutMs } = action;
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS)
    return refused('timeout_out_of_range');
  const wallet = batch.wallet(fromAccountId);
  // Only a customer's money can be reserved: the platform's accounts have no floor that a reserve would protect.
  if (wallet === undefined) return refused('account_not_found');
  const { transferId: id, reference } = command;
  const placed = placeTransferHold(batch, wallet, { id, amountMicros, timeoutMs, reference });
  if (placed.kind === 'refused') {
    const { reason, missingMicros } = placed.refusal;
    return refused(reason === 'account_frozen' ? 'account_frozen' : 'exceeds_credits', missingMicros);
  }
  return placed;
}

function decidePostPending(batch: LedgerBatch, { command, action }: Order<'post_pending'>): Decision {
  const hold = openReserve(batch, action.pendingId);
  if ('reason' in hold) return { kind: 'refused', refusal: hold };
  if (!isAmount(action.amountMicros)) return refused('amount_out_of_range');
  const missingMicros = action.amountMicros - remainingMicros(hold);
  if (missingMicros > 0n) return refused('exceeds_pending_amount', missingMicros);
  const { transferId: id, reference } = command;
  return captureHold(batch, hold, { id, amountMicros: action.amountMicros, reference });
}

function decideVoidPending(batch: LedgerBatch, { command, action }: Order<'void_pending'>): Decision {
  const hold = openReserve(batch, action.pendingId);
  if ('reason' in hold) return { kind: 'refused', refusal: hold };
  return voidHold(batch, hold, { id: command.transferId, reference: command.reference });
}

/** The reserve, while something is left of it and its time has not passed; else why not. */
function openReserve(batch: LedgerBatch, pendingId: string): Hold | Refusal {
  const hold = batch.hold(pendingId);
  if (hold === undefined || hold.purpose.kind !== TRANSFER_PURPOSE) return refusal('pending_not_found');
  if (isResolved(hold)) {
    if (hold.status === 'expired') return refusal('pending_expired');
    return refusal(hold.releasedMicros > 0n ? 'pending_already_voided' : 'pending_already_posted');
  }
  // Its time has passed, though nobody has swept it yet.
  return decideExpire(hold, batch).kind === 'changed' ? refusal('pending_expired') : hold;
}

/** Whether an order says the same as the transfer that stands under its id. */
function compare(batch: LedgerBatch, transfer: Transfer, { action, reference }: TransferCommand): TransferOutcome {
  if (transfer.kind !== action.kind) return refused('exists_with_different_kind');
  if ('pendingId' in action && transfer.holdId !== action.pendingId) return refused('exists_with_different_pending');
  if (action.kind === 'reversal' && transfer.reversalOf !== action.reversalOf)
    return refused('exists_with_different_pending');
  if ('fromAccountId' in action && transfer.fromAccountId !== action.fromAccountId)
    return refused('exists_with_different_accounts');
  if ('toAccountId' in action && transfer.toAccountId !== action.toAccountId)
    return refused('exists_with_different_accounts');
  if ('amountMicros' in action && transfer.amountMicros !== action.amountMicros)
    return refused('exists_with_different_amount');
  if ('timeoutMs' in action && timeoutOf(batch.hold(transfer.id)) !== action.timeoutMs)
    return refused('exists_with_different_timeout');
  if (transfer.reference !== reference) return refused('exists_with_different_reference');
  return { kind: 'exists', transfer };
}

function timeoutOf(hold: Hold | undefined): number | undefined {
  return hold === undefined ? undefined : hold.expiresAt - hold.createdAt;
}

function isAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

function refusal(reason: TransferRefusalReason, missingMicros: Micros = 0n): Refusal {
  return { reason, missingMicros };
}

function refused(reason: TransferRefusalReason, missingMicros: Micros = 0n): { kind: 'refused'; refusal: Refusal } {
  return { kind: 'refused', refusal: refusal(reason, missingMicros) };
}
