import type { AccountStanding, Stores } from '../stores.ts';

/**
 * Remembers how an account stands; an older event than the one that is known changes nothing. What follows from it the
 * cycle and the upkeep see in the rows, so that nothing that starts meanwhile is missed.
 */
export async function onArrearsChanged(stores: Stores, standing: AccountStanding): Promise<void> {
  const now = await stores.clusters.now();
  const isNews = await stores.standings.record(standing, now);
  if (isNews && standing.state === 'ok') await stores.workloads.wakeUnfunded(standing.accountId, now);
}
