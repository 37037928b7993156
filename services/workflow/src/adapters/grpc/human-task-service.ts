import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import * as wire from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import { decideHumanTask } from '../../app/interventions/decide-human-task.ts';
import type { Deps } from '../../app/ports.ts';
import { refused } from '../../app/refusal.ts';
import { isReviewAction } from '../../domain/definition/functions.ts';
import type { HumanTaskStatus } from '../../domain/run/human-task.ts';
import { paged, readPage } from './page.ts';
import { readComment, readJson, withRequestId } from './read-request.ts';
import { toGrpcRefusal } from './refusals.ts';
import { TENANTS } from './tenants.ts';
import { humanTaskMessage } from './to-proto.ts';

const STATUSES: readonly HumanTaskStatus[] = ['open', 'decided', 'expired', 'withdrawn'];

export function humanTaskService(deps: Deps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'workflows:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'workflows:write', roles: TENANTS });
  const unknown = toGrpcRefusal(refused({ reason: 'human_task_not_found' }));
  const implementation: wire.HumanTaskServiceServer = {
    listHumanTasks: unary(read, async (ctx, request) => {
      const asked = readPage('human-tasks', request.page);
      const status = readStatus(request.status);
      const filter = { ...asked, status, ...(request.runId !== '' && { runId: request.runId }) };
      const rows = await deps.transact(({ humanTasks }) => humanTasks.list(ctx.tenant, filter));
      const { items, page } = paged(
        'human-tasks',
        rows,
        asked.shown,
        humanTaskMessage,
        wire.HumanTask.encode,
        (r) => r.id,
      );
      return { humanTasks: items, page };
    }),
    getHumanTask: unary(read, async (ctx, { humanTaskId }) => {
      const found = await deps.transact(({ humanTasks }) => humanTasks.get(ctx.tenant, humanTaskId));
      return found ? { humanTask: humanTaskMessage(found) } : refuse(unknown);
    }),
    decideHumanTask: unary(write, async (ctx, request) => {
      const { requestId, humanTaskId, action, outputJson } = request;
      if (!isReviewAction(action)) {
        throw grpcError(invalidArgument('INVALID_DECISION', 'action is approve, edit, reject or redo'));
      }
      const done = await decideHumanTask(deps, withRequestId(ctx, requestId), {
        humanTaskId,
        action,
        ...(outputJson !== '' && { output: readJson(outputJson, 'output_json', 'INVALID_DECISION') }),
        comment: readComment(request.comment),
      });
      if (done.kind === 'refused') return refuse(toGrpcRefusal(done));
      const found = await deps.transact(({ humanTasks }) => humanTasks.get(ctx.tenant, humanTaskId));
      return found ? { humanTask: humanTaskMessage(found) } : refuse(unknown);
    }),
  };
  return { definition: wire.HumanTaskServiceService, implementation };
}

function readStatus(status: string): HumanTaskStatus {
  if (status === '') return 'open';
  const known = STATUSES.find((one) => one === status);
  if (known) return known;
  throw grpcError(invalidArgument('STATUS_UNKNOWN', `status is ${STATUSES.join(', ')}`));
}
