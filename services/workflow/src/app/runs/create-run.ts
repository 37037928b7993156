import { type CallContext, invariant } from '@suanli/kernel';
import { isFrame, type Program } from '../../domain/definition/program.ts';
import { start } from '../../domain/engine/start.ts';
import type { Json } from '../../domain/json.ts';
import type { ReviewMode, Run } from '../../domain/run/run.ts';
import { command, type Done } from '../command.ts';
import { drive } from '../steps/drive.ts';
import type { Deps, NewStep, Stores } from '../ports.ts';
import type { Programs } from '../definitions/programs.ts';
import { record } from '../record.ts';
import { type Refusal, refused } from '../refusal.ts';
import { REDISPATCH_FIRST_MS } from '../steps/timing.ts';

export type CreateRun = { definitionId: string; input: Json; review: ReviewMode };
type RunDeps = Deps & { programs: Programs };

/** Starts a run of a definition: its first step is ready when this has committed. */
export async function createRun(
  deps: RunDeps,
  ctx: CallContext,
  request: CreateRun,
): Promise<Done<{ runId: string }> | Refusal> {
  const { definitionId, review } = request;
  const definition = await deps.transact(({ definitions }) => definitions.get(ctx.tenant, definitionId));
  if (definition === undefined) return refused({ reason: 'definition_not_found' });
  const program = await deps.transact((stores) => deps.programs.of(stores, definition.id));
  const run = newRun(deps, ctx, { ...request, digest: definition.digest });
  const started = await drive(start(program, { ...run, context: null }), deps.evaluator);
  if (started.kind === 'refused') return refused({ reason: 'invalid_input', detail: started.detail });

  const first = firstStep(deps, run, program, started.input);
  const body = { definitionId, input: request.input, review };
  const done = await command(deps.transact, ctx, { name: 'create-run', body }, async (stores) => {
    await insertRun(stores, deps, run, first);
    return { runId: run.id, stepId: first.id };
  });
  if (done.kind === 'refused') return done;
  deps.committed();
  await deps.dispatcher.wake([{ stepId: done.answer.stepId, dispatchSeq: 0 }]);
  return done;
}

function newRun(
  deps: Deps,
  ctx: CallContext,
  { definitionId, digest, input, review }: CreateRun & { digest: string },
): Run {
  return {
    id: deps.ids.next('run'),
    tenant: ctx.tenant,
    definitionId,
    definitionDigest: digest,
    status: 'pending',
    input,
    review,
    costMicros: 0n,
    contextVersion: 0,
    contextCount: 0,
    stepCount: 0,
    sequence: 0n,
    version: 0n,
    createdAt: deps.clock.now(),
  };
}

function firstStep(deps: Deps, run: Run, program: Program, input: Json): NewStep {
  const [task] = program.tasks;
  invariant(task !== undefined, 'a definition has at least one task');
  return {
    id: deps.ids.next('stp'),
    runId: run.id,
    path: task.path,
    name: task.name,
    kind: task.body.kind,
    ...(task.body.kind === 'call' && { function: task.body.function }),
    iteration: '',
    ordinal: 0,
    status: 'ready',
    isFrame: isFrame(task),
    input,
    round: 0,
    resume: { kind: 'enter' },
    dueInMs: REDISPATCH_FIRST_MS,
    contextVersion: 0,
    attempt: 0,
    crashCount: 0,
    costMicros: 0n,
    isJobEnded: false,
    madeBy: 'run',
    createdAt: run.createdAt,
  };
}

async function insertRun(stores: Stores, deps: Deps, run: Run, first: NewStep): Promise<void> {
  await stores.runs.insert(run);
  const log = record(stores, run, deps.clock);
  log.run('run_created', run, { review: run.review, definition_id: run.definitionId });
  const inserted = await stores.steps.insert([first]);
  for (const step of inserted) log.step(step);
  await stores.runs.update(run.id, { stepCount: 1, sequence: await log.write() });
}
