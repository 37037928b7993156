import { decidePlace, type PlaceHold } from '../../domain/hold/decide-hold.ts';
import { applyHoldCommands, type HoldCommand, type HoldCommandPlan, type HoldResult } from './apply-hold-commands.ts';
import type { BillingDeps } from '../ports.ts';

export type PlaceHoldCommand = PlaceHold & HoldCommand;

/** Sets money aside before work starts. Idempotent by request id; a refused command leaves nothing. */
export function placeHolds(deps: BillingDeps, commands: readonly PlaceHoldCommand[]): Promise<HoldResult[]> {
  const { lateUsageMs } = deps.policy;
  const plan: HoldCommandPlan<PlaceHoldCommand> = {
    verb: 'place',
    touched: (fresh) => ({ accountIds: fresh.map((command) => command.tenant.accountId), holdIds: [] }),
    prepare: async () => (batch, command) =>
      decidePlace(batch.purseOf(command.tenant.accountId), command, {
        now: batch.now,
        newId: batch.newId,
        lot: (lotId) => batch.lot(lotId),
        lateUsageMs,
      }),
  };
  return applyHoldCommands(deps, plan, commands);
}
