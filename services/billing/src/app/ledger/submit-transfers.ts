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
  // Nearly every order is new, so the first try does not look for its id. Where that may matter, because one was refused
  // or the database says that one was booked before, the same set is tried again and each id is looked for.
  if (!hasRepeats(commands)) {
    const results = await submitNew(deps, commands);
    if (results !== undefined) return results;
  }
  return deps.transact(async (stores) => {
    const { batch, results } = await fold(deps, stores, commands, true);
    await writeBatch(deps, stores, batch);
    return results;
  });
}

/** Undefined, with nothing written, when an id among them was used before. */
async function submitNew(
  deps: BillingDeps,
  commands: readonly TransferCommand[],
): Promise<TransferResult[] | undefined> {
  try {
    return await deps.transact(async (stores) => {
      const { batch, results } = await fold(deps, stores, commands, false);
      const refused = results.filter(({ outcome }) => outcome.kind === 'refused');
      const before = await stores.ledger.find(refused.map((result) => result.transferId));
      if (before.length > 0) return undefined;
      await writeBatch(deps, stores, batch);
      return results;
    });
  } catch (error) {
    if (deps.isTaken(error)) return undefined;
    throw error;
  }
}

async function fold(
  deps: BillingDeps,
  stores: BillingStores,
  commands: readonly TransferCommand[],
  looksForIds: boolean,
): Promise<{ batch: LedgerBatch; results: TransferResult[] }> {
  const { batch, known } = await lock(deps, stores, commands, looksForIds);
  const results = commands.map((command) => ({
    transferId: command.transferId,
    outcome: foldTransfer(batch, known, command),
  }));
  return { batch, results };
}

/** Whether two orders name the same transfer: one id twice, or a reserve that another order of the set uses. */
function hasRepeats(commands: readonly TransferCommand[]): boolean {
  const ids = new Set(commands.map((command) => command.transferId));
  return (
    ids.size < commands.length || commands.some(({ action }) => 'pendingId' in action && ids.has(action.pendingId))
  );
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
