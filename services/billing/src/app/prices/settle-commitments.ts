import { CURRENCY, type Micros } from '@suanli/kernel';
import { endOfMonth, type Month, SHANGHAI } from '../../domain/calendar/calendar.ts';
import { appliesTo, type Commitment, settlesAt, shortfallMicros } from '../../domain/price/commitment.ts';
import { MINIMUM_COMMIT } from '../../domain/price/meter.ts';
import { ANY_ITEM, ANY_REGION, EVERY_ACCOUNT, type Price } from '../../domain/price/price.ts';
import { UNIT } from '../../domain/price/price-model.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { rateUsages } from '../rating/rate-usages.ts';

/** Commitments settled in one transaction. */
const BATCH_SIZE = 50;
const MAX_CORRECTIONS = 100;

/**
 * Charges what a month fell short of its commitment, once its late usage has had its time: as usage of a meter that costs
 * a micro-yuan for each micro-yuan, so that it stands on the bill like everything else. Asked again after usage has come
 * late, or was corrected, it corrects what it charged. Harmless to repeat. Gives how many it settled or corrected.
 */
export async function settleCommitments(deps: BillingDeps, month: Month): Promise<number> {
  if (deps.clock.now() < settlesAt(month, SHANGHAI, deps.policy.lateUsageMs)) return 0;
  let settled = 0;
  for (let afterId = ''; ; ) {
    const batch = await deps.transact(async (stores) => {
      const commitments = await stores.commitments.ofMonth(month, { afterId, limit: BATCH_SIZE });
      let changed = 0;
      for (const commitment of commitments) changed += await settleOne(deps, stores, { commitment, month });
      return { changed, lastId: commitments.at(-1)?.id, isFull: commitments.length === BATCH_SIZE };
    });
    settled += batch.changed;
    if (!batch.isFull || batch.lastId === undefined) return settled;
    afterId = batch.lastId;
  }
}

async function settleOne(
  deps: BillingDeps,
  stores: BillingStores,
  { commitment, month }: { commitment: Commitment; month: Month },
): Promise<number> {
  if (!appliesTo(commitment, month)) return 0;
  await stores.wallets.lockInOrder([commitment.accountId]);
  const missingMicros = shortfallMicros(commitment, await stores.commitments.spentIn(month, commitment.accountId));
  const told = await lastTold(stores, commitment, month);
  if (told === undefined ? missingMicros === 0n : told.missingMicros === missingMicros) return 0;
  await stores.prices.insert([priceOfShortfall]);
  const usage = shortfallUsage(commitment, month, missingMicros, told);
  const outcomes = await rateUsages(deps, stores, [usage]);
  return outcomes.some((one) => one.kind === 'rated') ? 1 : 0;
}

type Told = { usageId: string; count: number; missingMicros: Micros };

/** The last event that told the shortfall of this month: each one corrects the one before it. */
async function lastTold(stores: BillingStores, commitment: Commitment, month: Month): Promise<Told | undefined> {
  const ids = Array.from({ length: MAX_CORRECTIONS }, (_, count) => usageIdOf(commitment, month, count));
  const { known } = await stores.usage.find(ids);
  const last = known.find((one) => one.supersededBy === undefined);
  if (last === undefined) return undefined;
  const { usageId, readings } = last.usage;
  return { usageId, count: ids.indexOf(usageId), missingMicros: readings[0]?.quantity ?? 0n };
}

function shortfallUsage(commitment: Commitment, month: Month, missingMicros: Micros, told: Told | undefined): Usage {
  const { accountId, id } = commitment;
  const lastMs = endOfMonth(month, SHANGHAI) - 1;
  return {
    usageId: usageIdOf(commitment, month, told === undefined ? 0 : told.count + 1),
    tenant: { accountId, workspaceId: '', principalId: 'platform' },
    source: { kind: 'commitment', id: `${id}.${month}`, epoch: 0 },
    costKey: '',
    readings: [{ meter: MINIMUM_COMMIT, quantity: missingMicros }],
    region: '',
    item: month,
    // It stands on the last day of the month.
    from: lastMs,
    to: lastMs,
    isFinal: false,
    ...(told !== undefined && { correctsUsageId: told.usageId }),
  };
}

function usageIdOf({ id }: Commitment, month: Month, count: number): string {
  return `commitment:${id}:${month}:${count}`;
}

/** The platform's own: it is in every book as soon as it is needed. */
const priceOfShortfall: Price = {
  id: 'prc_minimum_commit',
  version: 1,
  meter: MINIMUM_COMMIT,
  region: ANY_REGION,
  item: ANY_ITEM,
  accountId: EVERY_ACCOUNT,
  model: UNIT,
  amountMicros: 1n,
  perQuantity: 1n,
  currency: CURRENCY,
  effectiveFrom: 0,
  display: 'what a month fell short of its commitment',
};
