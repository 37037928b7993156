import type { PendingWorkload } from './snapshot.ts';

/** How long a job is taken to run when its account's turn is reckoned: only the proportion between accounts matters. */
const NOMINAL_RUN_MS = 60_000;
/** A job without GPUs still takes a turn. */
const LEAST_MILLI_GPUS = 50;

/**
 * The order in which workloads are tried. Accounts take turns, the one that used least lately first, and each turn
 * counts as use; so an account gains nothing by more keys or more jobs. Within an account: priority, then age.
 */
export function orderByFairShare(
  pending: readonly PendingWorkload[],
  recentUse: ReadonlyMap<string, number>,
): PendingWorkload[] {
  const lanes = [...Map.groupBy(pending, (workload) => workload.accountId)].map(([accountId, workloads]) => ({
    accountId,
    use: recentUse.get(accountId) ?? 0,
    queue: workloads.toSorted(byPriorityThenAge),
    next: 0,
  }));
  const ordered: PendingWorkload[] = [];
  while (ordered.length < pending.length) {
    let turn: (typeof lanes)[number] | undefined;
    for (const lane of lanes) {
      if (lane.next === lane.queue.length) continue;
      if (turn === undefined || lane.use < turn.use || (lane.use === turn.use && isOlder(lane, turn))) turn = lane;
    }
    const head = turn?.queue[turn.next];
    if (turn === undefined || head === undefined) break;
    turn.next += 1;
    turn.use += weight(head);
    ordered.push(head);
  }
  return ordered;
}

function weight({ spec }: PendingWorkload): number {
  return (Math.max(spec.milliGpus, LEAST_MILLI_GPUS) / 1000) * spec.taskCount * NOMINAL_RUN_MS;
}

type Lane = { queue: readonly PendingWorkload[]; next: number };

function isOlder(a: Lane, b: Lane): boolean {
  const headOfA = a.queue[a.next];
  const headOfB = b.queue[b.next];
  return headOfA !== undefined && headOfB !== undefined && byAge(headOfA, headOfB) < 0;
}

function byPriorityThenAge(a: PendingWorkload, b: PendingWorkload): number {
  return b.spec.priority - a.spec.priority || byAge(a, b);
}

function byAge(a: PendingWorkload, b: PendingWorkload): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
