import {
  grpcError,
  invalidArgument,
  publicHandler,
  refuse,
  serverStream,
  type TokenVerifier,
  unary,
} from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import * as wire from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import { interveneStep } from '../../app/interventions/intervene-step.ts';
import { cancelRun } from '../../app/runs/cancel-run.ts';
import { createRun } from '../../app/runs/create-run.ts';
import { refused } from '../../app/refusal.ts';
import type { WorkerDeps } from '../../app/steps/run-step.ts';
import { isIntervention } from '../../domain/intervention/actions.ts';
import { isReviewMode, type RunStatus } from '../../domain/run/run.ts';
import type { Step } from '../../domain/run/step.ts';
import { followJournal, type JournalDeps } from './follow-journal.ts';
import { paged, readPage } from './page.ts';
import { readComment, readJson, withRequestId } from './read-request.ts';
import { toGrpcRefusal } from './refusals.ts';
import { TENANTS } from './tenants.ts';
import { runMessage, stepMessage } from './to-proto.ts';

export type RunServiceDeps = WorkerDeps & JournalDeps;

const RUN_STATUSES: readonly RunStatus[] = ['pending', 'running', 'waiting', 'completed', 'faulted', 'cancelled'];
const NO_RUN = toGrpcRefusal(refused({ reason: 'run_not_found' }));

export function runService(deps: RunServiceDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'workflows:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'workflows:write', roles: TENANTS });
  const show = async (ctx: CallContext, runId: string) => {
    const run = await deps.transact(({ runs }) => runs.get(ctx.tenant, runId));
    return run ? { run: runMessage(run) } : refuse(NO_RUN);
  };
  const implementation: wire.RunServiceServer = {
    createRun: unary(write, async (ctx, { requestId, definitionId, inputJson, review }) => {
      const input = inputJson === '' ? {} : readJson(inputJson, 'input_json', 'INVALID_INPUT');
      const mode = review === '' ? 'as_defined' : review;
      if (!isReviewMode(mode))
        throw grpcError(invalidArgument('REVIEW_UNKNOWN', 'review is as_defined, every_step or none'));
      const done = await createRun(deps, withRequestId(ctx, requestId), { definitionId, input, review: mode });
      return done.kind === 'refused' ? refuse(toGrpcRefusal(done)) : show(ctx, done.answer.runId);
    }),
    getRun: unary(read, (ctx, { runId }) => show(ctx, runId)),
    listRuns: unary(read, async (ctx, request) => {
      const asked = readPage('runs', request.page);
      const rows = await deps.transact(({ runs }) =>
        runs.list(ctx.tenant, { ...asked, statuses: readStatuses(request.statuses) }),
      );
      const { items, page } = paged('runs', rows, asked.shown, runMessage, wire.Run.encode, (run) => run.id);
      return { runs: items, page };
    }),
    cancelRun: unary(write, async (ctx, { requestId, runId }) => {
      const done = await cancelRun(deps, withRequestId(ctx, requestId), runId);
      return done.kind === 'refused' ? refuse(toGrpcRefusal(done)) : show(ctx, runId);
    }),
    listSteps: unary(read, (ctx, request) => listSteps(deps, ctx, request)),
    streamJournal: serverStream(read, (ctx, request) => followJournal(deps, ctx, request)),
    interveneStep: unary(write, async (ctx, request) => {
      const { requestId, runId, stepId, action, outputJson, expectedRevision } = request;
      if (!isIntervention(action)) {
        throw grpcError(invalidArgument('ACTION_UNKNOWN', 'action is edit, redo, skip, fork, approve or reject'));
      }
      const done = await interveneStep(deps, withRequestId(ctx, requestId), {
        ...{ runId, stepId, action, expectedRevision },
        ...(outputJson !== '' && { output: readJson(outputJson, 'output_json', 'INVALID_DECISION') }),
        comment: readComment(request.comment),
      });
      return done.kind === 'refused' ? refuse(toGrpcRefusal(done)) : showStep(deps, ctx, done.answer);
    }),
  };
  return { definition: wire.RunServiceService, implementation };
}

async function showStep(deps: WorkerDeps, ctx: CallContext, { runId, stepId }: { runId: string; stepId: string }) {
  return deps.transact(async ({ runs, steps, humanTasks }) => {
    const run = await runs.get(ctx.tenant, runId);
    const step = await steps.get(runId, stepId);
    if (run === undefined || step === undefined) return refuse(NO_RUN);
    const asked = step.humanTaskId === undefined ? undefined : await humanTasks.get(ctx.tenant, step.humanTaskId);
    return { run: runMessage(run), step: stepMessage(run, step, asked) };
  });
}

/** In order of creation, so the cursor is the place of the last one seen. */
async function listSteps(deps: WorkerDeps, ctx: CallContext, request: wire.ListStepsRequest) {
  const { runId, includeSuperseded } = request;
  const asked = readPage('steps', request.page);
  const afterOrdinal = asked.before === undefined ? -1 : Number(asked.before);
  return deps.transact(async ({ runs, steps, humanTasks }) => {
    const run = await runs.get(ctx.tenant, runId);
    if (run === undefined) return refuse(NO_RUN);
    const rows = await steps.list(runId, { afterOrdinal, limit: asked.limit, withSuperseded: includeSuperseded });
    const open = await humanTasks.list(ctx.tenant, { status: 'open', runId, limit: rows.length + 1 });
    const askedOf = new Map(open.map((task) => [task.stepId, task]));
    const toMessage = (step: Step) => stepMessage(run, step, askedOf.get(step.id));
    const shown = paged('steps', rows, asked.shown, toMessage, wire.Step.encode, (step) => String(step.ordinal));
    return { steps: shown.items, page: shown.page };
  });
}

function readStatuses(statuses: readonly string[]): RunStatus[] {
  return statuses.map((status) => {
    const known = RUN_STATUSES.find((one) => one === status);
    if (known) return known;
    throw grpcError(invalidArgument('STATUS_UNKNOWN', `a status is ${RUN_STATUSES.join(', ')}`, { status }));
  });
}
