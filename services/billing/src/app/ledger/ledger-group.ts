import type { TransferCommand, TransferResult } from '../../domain/ledger/transfer-command.ts';
import { type GroupCommit, groupCommit } from '../group-commit.ts';
import type { BillingDeps } from '../ports.ts';
import { submitTransfers } from './submit-transfers.ts';

/** Orders in one transaction: enough to share the flush to disk among many, few enough to lock wallets for moments. */
const MAX_COMMANDS = 800;
/** One batch is being decided here while the other is with the database. */
const MAX_IN_FLIGHT = 2;

/** The shared batches of transfers of this replica. */
export function ledgerGroup(deps: BillingDeps): GroupCommit<TransferCommand, TransferResult> {
  return groupCommit({
    run: (commands) => submitTransfers(deps, commands),
    maxCommands: MAX_COMMANDS,
    maxInFlight: MAX_IN_FLIGHT,
    mayBeOneCallers: (error) => !deps.isUnavailable(error),
  });
}
