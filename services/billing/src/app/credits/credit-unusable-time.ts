import { returnMoney } from '../../domain/refund/return-money.ts';
import { type Credit, decideCredits, type UnusableWindow } from '../../domain/refund/credit.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { readPaidLines, savePaidLines } from '../refunds/paid-lines.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/**
 * Gives back what was charged for time that could not be used. Told again it finds every charge looked at; usage of the
 * time that comes in later is given back when it is rated (`creditLateUsage`).
 */
export async function creditUnusableTime(
  deps: BillingDeps,
  stores: BillingStores,
  window: UnusableWindow,
): Promise<Credit[]> {
  const batch = await lockBatch(deps, stores, { accountIds: [window.accountId], holdIds: [] });
  if (batch.walletOf(window.accountId) === undefined) return [];
  await stores.credits.insertWindow(window);
  // The first telling stands: a second one cannot widen it.
  const told = (await stores.credits.windows([window.source]))[0] ?? window;
  if (told.accountId !== window.accountId) return [];
  const charges = await stores.credits.openCharges(told);
  if (charges.length === 0) return [];
  const lineIds = [...new Set(charges.map((charge) => charge.billLineId))];
  const { lines, scratch } = await readPaidLines(stores, batch, lineIds);
  const { credits, looked } = decideCredits(told, charges, scratch, batch);
  for (const { tenant, billLineId: reference, amountMicros } of credits) {
    const spender = { tenant, scope: { product: told.source.kind, item: '', region: '' } };
    const back = { reference, code: 'compensation' as const, amountMicros, funds: lines.funds(reference), spender };
    returnMoney(batch, { accountId: tenant.accountId, ...back });
    lines.returned(reference, 'credit', amountMicros);
  }
  if (credits.length > 0) await savePaidLines(stores, lines);
  await stores.credits.insert(credits, looked);
  await writeBatch(
    deps,
    stores,
    batch,
    credits.map((credit) => ({ kind: 'credit_given' as const, credit })),
  );
  return credits;
}

/** After usage was rated: what of it lies in time that was told unusable before goes back at once. */
export async function creditLateUsage(
  deps: BillingDeps,
  stores: BillingStores,
  source: { id: string; epoch: number },
): Promise<Credit[]> {
  const [window] = await stores.credits.windows([source]);
  return window === undefined ? [] : creditUnusableTime(deps, stores, window);
}
