import { decideClose } from '../../domain/hold/decide-hold.ts';
import { applyHoldCommands, type HoldCommandPlan, type HoldResult } from './apply-hold-commands.ts';
import type { BillingDeps } from '../ports.ts';

export type CloseHoldCommand = {
  requestId: string;
  holdId: string;
  /** The usage event after which nothing more can come; absent when there never was any. */
  finalUsageId?: string;
};

/** Ends holds whose work has ended. Closing what is closed or expired already changes nothing and is no refusal. */
export function closeHolds(deps: BillingDeps, commands: readonly CloseHoldCommand[]): Promise<HoldResult[]> {
  const plan: HoldCommandPlan<CloseHoldCommand> = {
    verb: 'close',
    touched: (fresh) => ({ accountIds: [], holdIds: fresh.map((command) => command.holdId) }),
    prepare: async (stores, fresh) => {
      const finalIds = fresh.flatMap((command) => command.finalUsageId ?? []);
      const { known } = finalIds.length === 0 ? { known: [] } : await stores.usage.find(finalIds);
      const rated = new Set(known.filter((one) => one.state === 'rated').map((one) => one.usage.usageId));
      return (batch, { holdId, finalUsageId }) => {
        const hold = batch.hold(holdId);
        if (hold === undefined) return { kind: 'refused', refusal: { reason: 'hold_not_found', missingMicros: 0n } };
        const awaited = finalUsageId !== undefined && !rated.has(finalUsageId) ? finalUsageId : undefined;
        return decideClose(hold, awaited, batch);
      };
    },
  };
  return applyHoldCommands(deps, plan, commands);
}
