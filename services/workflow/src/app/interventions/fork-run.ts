import type { CallContext } from '@suanli/kernel';
import { dependentsOf, framesAround } from '../../domain/intervention/dependents.ts';
import type { Revision } from '../../domain/intervention/revise.ts';
import type { Json } from '../../domain/json.ts';
import type { Run } from '../../domain/run/run.ts';
import { isLive, type Resume, type Step } from '../../domain/run/step.ts';
import type { Wake } from '../steps/commit-transition.ts';
import type { Deps, NewStep, Stores } from '../ports.ts';
import { record } from '../record.ts';
import { nextRevision, reopenedFrame } from './revise-step.ts';
import { REDISPATCH_FIRST_MS } from '../steps/timing.ts';

/**
 * A new run that shares the past of another up to a step, and goes its own way from there: with a given output, or by
 * doing the step again. The other run is not touched. What the past cost stays with the run that paid for it.
 */
export async function forkRun(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  ctx: CallContext,
  from: Run,
  step: Step,
  given: { output?: Json; comment: string },
): Promise<{ step: Step; wakes: Wake[] }> {
  const heads = await stores.steps.heads(from.id, false);
  const own = heads.find((head) => head.id === step.id);
  const frames = framesAround(step, heads);
  const left = new Set(
    [step.id, ...frames, ...(own ? dependentsOf(own, heads, 'redo') : [])].map((h) =>
      typeof h === 'string' ? h : h.id,
    ),
  );
  const kept = heads.filter((head) => !left.has(head.id));

  const run = forkedRun(deps, ctx, from, step, kept.length + frames.length + 1);
  await stores.runs.insert(run);
  await stores.runs.copyContexts(from.id, run.id);
  const log = record(stores, run, deps.clock);
  log.run('run_forked', run, { from_run_id: from.id, from_step_id: step.id });

  const reopened = await forkFrames(
    stores,
    deps,
    run,
    frames.map(({ id }) => id),
    step,
  );
  const past = await stores.steps.load(kept.map(({ id }) => id));
  const idOf = new Map([...reopened, ...past.map(({ id }) => [id, deps.ids.next('stp')] as const)]);
  const copies = past.map((old, i) => copyOf(deps, run, old, frames.length + i, idOf));
  const revision: Revision & { madeBy: string } = {
    ...(given.output === undefined ? { action: 'redo' } : { action: 'edit', output: given.output }),
    comment: given.comment,
    madeBy: ctx.tenant.principalId,
  };
  const place = { ordinal: run.stepCount - 1, parentId: [...reopened.values()].at(-1) };
  const inserted = await stores.steps.insert([...copies, nextRevision(deps, run, step, revision, place)]);
  const next = inserted.at(-1);
  if (next === undefined) throw new Error('the store did not give back the forked step');
  log.step(next, { action: 'fork', by: ctx.tenant.principalId });
  await stores.runs.update(run.id, { sequence: await log.write() });
  return {
    step: next,
    wakes: inserted.filter(({ status }) => status === 'ready').map((s) => ({ stepId: s.id, dispatchSeq: 0 })),
  };
}

function forkedRun(deps: Pick<Deps, 'ids' | 'clock'>, ctx: CallContext, from: Run, step: Step, stepCount: number): Run {
  const { definitionId, definitionDigest, input, review, contextCount } = from;
  return {
    ...{ definitionId, definitionDigest, input, review, contextCount, stepCount },
    id: deps.ids.next('run'),
    tenant: ctx.tenant,
    status: 'running',
    costMicros: 0n,
    contextVersion: step.contextVersion,
    sequence: 0n,
    version: 0n,
    forkedFrom: { runId: from.id, stepId: step.id },
    createdAt: deps.clock.now(),
  };
}

/** Copies of the frames around the step, open; their ids by those of the originals, outermost first. */
async function forkFrames(
  stores: Stores,
  deps: Pick<Deps, 'ids' | 'clock'>,
  run: Run,
  ids: readonly string[],
  inner: Step,
): Promise<Map<string, string>> {
  const rows = new Map((await stores.steps.load(ids)).map((frame) => [frame.id, frame]));
  const idOf = new Map<string, string>();
  const copies: NewStep[] = [];
  for (const [ordinal, id] of ids.entries()) {
    const frame = rows.get(id);
    if (frame === undefined) continue;
    const copy = reopenedFrame(deps, frame, inner, { ordinal, parentId: copies.at(-1)?.id });
    copies.push({ ...copy, runId: run.id });
    idOf.set(id, copy.id);
  }
  await stores.steps.insert(copies);
  return idOf;
}

/** What had ended is kept; what was alive beside the step, in another branch, begins again. */
function copyOf(
  deps: Pick<Deps, 'clock'>,
  run: Run,
  old: Step,
  ordinal: number,
  idOf: ReadonlyMap<string, string>,
): NewStep {
  const { revision: _r, fence: _f, dispatchSeq: _d, dueAt: _a, parentId, jobId: _j, humanTaskId: _h, ...rest } = old;
  const parent = parentId === undefined ? undefined : idOf.get(parentId);
  const isAgain = isLive(old.status) && !(old.isFrame && old.status === 'running');
  const fresh = { costMicros: 0n, attempt: 0, crashCount: 0, isJobEnded: false, createdAt: deps.clock.now() };
  const resume: Resume = { kind: old.isFrame ? 'elapsed' : 'enter' };
  const again = { status: 'ready' as const, resume, dueInMs: REDISPATCH_FIRST_MS };
  return {
    ...rest,
    ...fresh,
    ...(isAgain && again),
    id: idOf.get(old.id) ?? old.id,
    runId: run.id,
    ordinal,
    ...(parent !== undefined && { parentId: parent }),
  };
}
