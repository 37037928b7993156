import type { CallContext } from '@suanli/kernel';
import { isTerminal } from '../../domain/workload/phase-machine.ts';
import type { SchedulerDeps } from '../deps.ts';
import type { WaitForChange } from '../ports.ts';
import type { JobView } from '../stores.ts';

/** The job at every version after `afterVersion`, until it has ended. Yields nothing when there is no such job. */
export async function* watchJob(
  deps: SchedulerDeps & { waitForChange: WaitForChange },
  ctx: CallContext,
  request: { jobId: string; afterVersion: bigint },
): AsyncGenerator<JobView, void, void> {
  const { workloads } = deps.stores(deps.db);
  let seen = request.afterVersion;
  while (!ctx.signal.aborted) {
    const present = await workloads.versionOf(ctx.tenant, request.jobId);
    if (present === undefined) return;
    if (present.version > seen) {
      const view = await workloads.view(ctx.tenant, request.jobId);
      if (view === undefined) return;
      seen = view.workload.version;
      yield view;
      if (isTerminal(view.workload.phase)) return;
      continue;
    }
    if (isTerminal(present.phase)) return;
    await deps.waitForChange(request.jobId, ctx.signal);
  }
}
