import { decideExtend, type ExtendHold } from '../../domain/hold/decide-hold.ts';
import { applyHoldCommands, type HoldCommandPlan, type HoldResult } from './apply-hold-commands.ts';
import type { BillingDeps } from '../ports.ts';

export type ExtendHoldCommand = ExtendHold & { requestId: string };

/** Raises amount and expiry of active holds. Idempotent by request id; a refused command leaves the hold as it was. */
export function extendHolds(deps: BillingDeps, commands: readonly ExtendHoldCommand[]): Promise<HoldResult[]> {
  const { lateUsageMs } = deps.policy;
  const plan: HoldCommandPlan<ExtendHoldCommand> = {
    verb: 'extend',
    touched: (fresh) => ({ accountIds: [], holdIds: fresh.map((command) => command.holdId) }),
    prepare: async () => (batch, command) => {
      const hold = batch.hold(command.holdId);
      const purse = hold && batch.purseOf(hold.tenant.accountId);
      if (hold === undefined || purse === undefined) {
        return { kind: 'refused', refusal: { reason: 'hold_not_found', missingMicros: 0n } };
      }
      return decideExtend(purse, hold, command, {
        now: batch.now,
        newId: batch.newId,
        lot: (lotId) => batch.lot(lotId),
        lateUsageMs,
      });
    },
  };
  return applyHoldCommands(deps, plan, commands);
}
