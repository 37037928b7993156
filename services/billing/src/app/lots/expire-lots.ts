import { breakageOf } from '../../domain/lot/expire-lot.ts';
import { freeMicros, hasExpired } from '../../domain/lot/lot.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/**
 * Gives the platform what expired lots have left beyond their holds; returns how many lots that were. Decided again under
 * the wallets' locks, so a last charge that came first wins.
 */
export async function expireLots(deps: BillingDeps, stores: BillingStores, limit: number): Promise<number> {
  const due = await stores.lots.findExpired(deps.clock.now(), limit);
  if (due.length === 0) return 0;
  const batch = await lockBatch(deps, stores, { accountIds: due.map((lot) => lot.accountId), holdIds: [] });
  for (const { id } of due) {
    const lot = batch.lot(id);
    const breakage = lot && breakageOf(lot, batch);
    if (breakage !== undefined) batch.apply({ transfers: [breakage] });
  }
  await writeBatch(deps, stores, batch);
  return due.length;
}

/** How long before its end the owner of a lot is told. */
export const WARN_BEFORE_MS = 7 * 86_400_000;

/** Tells once of each lot that will expire within a week and still has money to lose; returns of how many. */
export async function warnOfExpiry(deps: BillingDeps, stores: BillingStores, limit: number): Promise<number> {
  const now = deps.clock.now();
  const due = await stores.lots.findToWarn(now + WARN_BEFORE_MS, limit);
  if (due.length === 0) return 0;
  const batch = await lockBatch(deps, stores, { accountIds: due.map((lot) => lot.accountId), holdIds: [] });
  const events = due.flatMap(({ id }) => {
    const lot = batch.lot(id);
    const wallet = lot && batch.walletOf(lot.accountId);
    if (lot === undefined || wallet === undefined || hasExpired(lot, now) || freeMicros(lot) === 0n) return [];
    return [{ kind: 'lot_expiring' as const, lot, version: wallet.sequence }];
  });
  await stores.lots.markWarned(
    due.map((lot) => lot.id),
    now,
  );
  await writeBatch(deps, stores, batch, events);
  return due.length;
}
