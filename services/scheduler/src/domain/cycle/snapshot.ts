import type { Instant } from '@suanli/kernel';
import type { JobSpec } from '../job/job-spec.ts';
import type { Reason } from '../job/reason.ts';
import type { ClusterSpace, TaskPlacement } from '../placement/space.ts';
import type { Price } from '../workload/attempt.ts';

/** A workload that waits, as far as a decision needs it. */
export type PendingWorkload = {
  id: string;
  accountId: string;
  spec: JobSpec;
  reason: Reason;
  queuePosition: number;
  createdAt: Instant;
  eligibleAt: Instant;
};

/** Everything that one cycle decides on. `clusters` is worked on in place: pass a fresh one. */
export type Snapshot = {
  now: Instant;
  clusters: ClusterSpace[];
  skus: readonly string[];
  pending: readonly PendingWorkload[];
  /** Recent use of each account in GPU-milliseconds, decayed. */
  recentUse: ReadonlyMap<string, number>;
  /** Accounts in arrears that may begin nothing. */
  suspended: ReadonlySet<string>;
  /** Undefined: nobody sells this SKU in this region, or its price is not known now. */
  priceOf: (region: string, sku: string) => Price | undefined;
};

export type Admission = {
  workloadId: string;
  clusterId: string;
  region: string;
  sku: string;
  price: Price;
  tasks: readonly TaskPlacement[];
};

export type Waiting = { workloadId: string; reason: Reason; queuePosition: number };

export type CycleResult = { admissions: Admission[]; waiting: Waiting[] };
