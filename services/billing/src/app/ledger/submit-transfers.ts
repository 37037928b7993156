import { foldTransfer, KnownTransfers } from '../../domain/ledger/decide-transfer.ts';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { TransferAction, TransferCommand, TransferResult } from '../../domain/ledger/transfer-command.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/**
 * Books orders in their sequence, each with its own result: what one leaves, the next may spend. The id of an order is its
 * idempotency key: booked once, answered alike ever after; an order that was refused has left nothing and may come again.
 */
export async function submitTransfers(
  deps: BillingDeps,
  commands: readonly TransferCommand[],
): Promise<TransferResult[]> {
  // Nearly every order is new: the first try books without looking for its id, and the database refuses the set if one of
  // them was booked before. Then each is looked for.
  try {
    return await submit(deps, commands, hasRepeats(commands));
  } catch (error) {
    if (!deps.isTaken(error)) throw error;
    return submit(deps, commands, true);
  }
}

function submit(
  deps: BillingDeps,
  commands: readonly TransferCommand[],
  looksForIds: boolean,
): Promise<TransferResult[]> {
  return deps.transact(async (stores) => {
    const { batch, known } = await lock(deps, stores, commands, looksForIds);
    const results = commands.map((command) => ({
      transferId: command.transferId,
      outcome: foldTransfer(batch, known, command),
    }));
    await writeBatch(deps, stores, batch);
    return results;
  });
}

function hasRepeats(commands: readonly TransferCommand[]): boolean {
  return new Set(commands.map((command) => command.transferId)).size < commands.length;
}

async function lock(
  deps: BillingDeps,
  stores: BillingStores,
  commands: readonly TransferCommand[],
  looksForIds: boolean,
): Promise<{ batch: LedgerBatch; known: KnownTransfers }> {
  const actions = commands.map((command) => command.action);
  const reversals = actions.flatMap(reversalOf);
  // What is to be reversed never changes, so it can be read before the wallets that it names are locked.
  const reversed = await stores.ledger.find(reversals);
  const named = new Set([
    ...actions.flatMap(accountsOf),
    ...reversed.flatMap((transfer) => [transfer.fromAccountId, transfer.toAccountId]),
  ]);
  const reserves = looksForIds ? pendings(commands) : [];
  const batch = await lockBatch(deps, stores, {
    accountIds: [],
    walletIds: [...named].filter((id) => !isPlatform(id)),
    holdIds: [...actions.flatMap((action) => ('pendingId' in action ? action.pendingId : [])), ...reserves],
  });
  // Read under the locks: whoever booked the same id, or reversed the same transfer, before us has locked the same wallets.
  const sought = looksForIds ? commands.map((command) => command.transferId) : [];
  const [before, platform] = await Promise.all([
    stores.ledger.find([...sought, ...reversals]),
    stores.ledger.knownAccounts([...named].filter(isPlatform)),
  ]);
  return { batch, known: new KnownTransfers(before, platform) };
}

function accountsOf(action: TransferAction): string[] {
  if (action.kind === 'post') return [action.fromAccountId, action.toAccountId];
  return action.kind === 'pending' ? [action.fromAccountId] : [];
}

function reversalOf(action: TransferAction): string[] {
  return action.kind === 'reversal' ? [action.reversalOf] : [];
}

/** A reserve that is ordered again is compared with its hold. */
function pendings(commands: readonly TransferCommand[]): string[] {
  return commands.filter(({ action }) => action.kind === 'pending').map(({ transferId }) => transferId);
}

function isPlatform(accountId: string): boolean {
  return accountId.startsWith('platform:');
}
