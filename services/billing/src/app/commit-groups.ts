import type { TransferCommand, TransferResult } from '../domain/ledger/transfer-command.ts';
import { type GroupCommit, groupCommit } from './group-commit.ts';
import type { HoldResult } from './holds/apply-hold-commands.ts';
import { type CloseHoldCommand, closeHolds } from './holds/close-holds.ts';
import { type ExtendHoldCommand, extendHolds } from './holds/extend-holds.ts';
import { type PlaceHoldCommand, placeHolds } from './holds/place-holds.ts';
import { submitTransfers } from './ledger/submit-transfers.ts';
import type { BillingDeps } from './ports.ts';

/** The shared batches of one replica: callers at the same time share a lock, a set of statements and a flush to disk. */
export type CommitGroups = {
  transfers: GroupCommit<TransferCommand, TransferResult>;
  place: GroupCommit<PlaceHoldCommand, HoldResult>;
  extend: GroupCommit<ExtendHoldCommand, HoldResult>;
  close: GroupCommit<CloseHoldCommand, HoldResult>;
};

/** Commands in one transaction: enough to share its flush among many, few enough to lock wallets for moments. */
const MAX_COMMANDS = 1_600;
/** One batch is being decided here while the other is with the database. More would mostly wait for each other's wallets. */
const MAX_IN_FLIGHT = 2;

export function commitGroups(deps: BillingDeps): CommitGroups {
  const limits = {
    maxCommands: MAX_COMMANDS,
    maxInFlight: MAX_IN_FLIGHT,
    mayBeOneCallers: (error: unknown) => !deps.isUnavailable(error),
  };
  return {
    transfers: groupCommit({ ...limits, run: (commands) => submitTransfers(deps, commands) }),
    place: groupCommit({ ...limits, run: (commands) => placeHolds(deps, commands) }),
    extend: groupCommit({ ...limits, run: (commands) => extendHolds(deps, commands) }),
    close: groupCommit({ ...limits, run: (commands) => closeHolds(deps, commands) }),
  };
}
