import type { Credit, UnusableWindow } from '../../domain/refund/credit.ts';
import { creditUnusableTime } from '../credits/credit-unusable-time.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';

/** An attempt ended whose time its tenant could not use: what was charged for it goes back. */
export function onTimeUnusable(
  deps: BillingDeps,
  stores: BillingStores,
  told: Omit<UnusableWindow, 'toldAt'>,
): Promise<Credit[]> {
  return creditUnusableTime(deps, stores, { ...told, toldAt: deps.clock.now() });
}
