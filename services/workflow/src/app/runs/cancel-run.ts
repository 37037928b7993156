import type { CallContext } from '@suanli/kernel';
import { isEnded } from '../../domain/run/run.ts';
import { command, type Done } from '../command.ts';
import type { Deps } from '../ports.ts';
import { record } from '../record.ts';
import { Refuse, type Refusal } from '../refusal.ts';
import { endSteps } from '../steps/run-changes.ts';

/** Ends a run and everything in it that lives. A run that has ended stays as it is. */
export async function cancelRun(
  deps: Deps,
  ctx: CallContext,
  runId: string,
): Promise<Done<{ runId: string }> | Refusal> {
  const done = await command(deps.transact, ctx, { name: 'cancel-run', body: { runId } }, async (stores) => {
    if ((await stores.runs.get(ctx.tenant, runId)) === undefined) throw new Refuse({ reason: 'run_not_found' });
    const run = await stores.runs.lock(runId);
    if (run === undefined || isEnded(run.status)) return { runId };
    const log = record(stores, run, deps.clock);
    await endSteps(stores, log, await stores.steps.heads(runId, true), 'cancelled');
    log.run('run_cancelled', { ...run, status: 'cancelled' }, { by: ctx.tenant.principalId });
    await stores.runs.update(runId, {
      status: 'cancelled',
      finishedAt: log.at,
      version: run.version + 1n,
      sequence: await log.write(),
    });
    return { runId };
  });
  if (done.kind === 'done') deps.committed();
  return done;
}
