import { mulDivCeil } from '@suanli/kernel';
import { meterOf } from '../job/job-spec.ts';
import { reason, type Reason } from '../job/reason.ts';
import { wantedSkus } from '../placement/feasibility.ts';
import { type ClusterSpace, CPU_SKU } from '../placement/space.ts';
import type { Price } from '../workload/attempt.ts';
import type { PendingWorkload, Snapshot } from './snapshot.ts';

export type Candidate = { cluster: ClusterSpace; sku: string; price: Price };

/** Why clusters are out of the question now, by cluster: stable codes, so that a reason changes only when it does. */
export type Blocks = Record<string, string>;

export type Nomination =
  | { kind: 'candidates'; workload: PendingWorkload; candidates: Candidate[]; blocks: Blocks }
  | { kind: 'waits'; workload: PendingWorkload; reason: Reason };

/** What each cluster has devices of, free or not; all have CPUs. */
export type Offers = ReadonlyMap<string, ReadonlySet<string>>;

export function offersOf(clusters: readonly ClusterSpace[]): Offers {
  const skusOf = (cluster: ClusterSpace) => cluster.nodes.flatMap((node) => node.gpus.map((gpu) => gpu.sku));
  return new Map(clusters.map((cluster) => [cluster.clusterId, new Set([CPU_SKU, ...skusOf(cluster)])]));
}

/** Where a workload may go over all regions, cheapest first; room is looked at later, in order. */
export function nominate(workload: PendingWorkload, snapshot: Snapshot, offers: Offers): Nomination {
  const { spec } = workload;
  if (snapshot.suspended.has(workload.accountId))
    return { kind: 'waits', workload, reason: reason('account_suspended') };
  // A back-off: the reason it waits for stands.
  if (workload.eligibleAt > snapshot.now) return { kind: 'waits', workload, reason: workload.reason };
  const candidates: Candidate[] = [];
  const blocks: Blocks = {};
  for (const cluster of snapshot.clusters) {
    if (spec.regions.length > 0 && !spec.regions.includes(cluster.region)) continue;
    if (!cluster.isOnline) {
      blocks[cluster.clusterId] = 'offline';
      continue;
    }
    const offered = wantedSkus(spec, snapshot.skus).filter((sku) => offers.get(cluster.clusterId)?.has(sku));
    const priced = offered.flatMap((sku) => {
      const price = snapshot.priceOf(cluster.region, sku);
      return price === undefined ? [] : [{ cluster, sku, price }];
    });
    if (priced.length === 0) blocks[cluster.clusterId] = offered.length === 0 ? 'no_such_sku' : 'no_price';
    candidates.push(...priced);
  }
  if (candidates.length === 0) return { kind: 'waits', workload, reason: reason('waiting_for_cluster', blocks) };
  return { kind: 'candidates', workload, candidates: candidates.toSorted(byPrice(workload)), blocks };
}

/** Quantity large enough that the rounding of a price never decides. */
const COMPARED_MS = 3_600_000n;

function byPrice({ spec }: PendingWorkload) {
  const quantity = BigInt(meterOf(spec).perTask) * COMPARED_MS;
  const cost = ({ price }: Candidate) => mulDivCeil(quantity, price.amountMicros, price.perQuantity);
  return (a: Candidate, b: Candidate) =>
    Number(cost(a) - cost(b)) || (a.cluster.clusterId < b.cluster.clusterId ? -1 : 1);
}
