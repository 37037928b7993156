import { notFound, publicHandler, refuse, serverStream, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { type JobServiceServer, JobServiceService } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { SchedulerDeps } from '../../app/deps.ts';
import { cancelJob } from '../../app/jobs/cancel-job.ts';
import { createJob } from '../../app/jobs/create-job.ts';
import { quoteJob } from '../../app/jobs/quote-job.ts';
import { streamLogs } from '../../app/jobs/stream-logs.ts';
import { watchJob } from '../../app/jobs/watch-job.ts';
import type { WaitForChange } from '../../app/ports.ts';
import { toRefused } from './errors.ts';
import { readSpec, toProtoJob } from './job-mapping.ts';
import { pageInfo, readPage } from './paging.ts';
import { toProtoQuote } from './quote-mapping.ts';

export const noSuchJob = notFound('JOB_NOT_FOUND', 'no such job');

/** Those who belong to an account. An operator has no jobs. */
const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;

/** Jobs, for their owners. */
export function jobService(deps: SchedulerDeps & { waitForChange: WaitForChange }, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'jobs:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'jobs:write', roles: TENANTS });
  const { workloads } = deps.stores(deps.db);

  const implementation: JobServiceServer = {
    createJob: unary(write, async (ctx, { requestId, spec }) => {
      const answer = await createJob(deps, ctx, { requestId, spec: readSpec(spec) });
      return answer.kind === 'refused' ? toRefused(answer.refusal) : { job: toProtoJob(answer.value) };
    }),
    getJob: unary(read, async ({ tenant }, { jobId }) => {
      const view = await workloads.view(tenant, jobId);
      return view === undefined ? refuse(noSuchJob) : { job: toProtoJob(view) };
    }),
    listJobs: unary(read, async ({ tenant }, { page, phases }) => {
      const found = await workloads.list(tenant, readPage(page), phases);
      return { jobs: found.items.map(toProtoJob), page: pageInfo(found.nextCursor) };
    }),
    cancelJob: unary(write, async (ctx, { jobId }) => {
      const answer = await cancelJob(deps, ctx, jobId);
      return answer.kind === 'refused' ? toRefused(answer.refusal) : { job: toProtoJob(answer.value) };
    }),
    watchJob: serverStream(read, async function* (ctx, request) {
      if ((await workloads.versionOf(ctx.tenant, request.jobId)) === undefined) return refuse(noSuchJob);
      for await (const view of watchJob(deps, ctx, request)) yield { job: toProtoJob(view) };
    }),
    streamLogs: serverStream(read, async function* (ctx, request) {
      if ((await workloads.versionOf(ctx.tenant, request.jobId)) === undefined) return refuse(noSuchJob);
      const { jobId, taskIndex, epoch, fromOffset, follow } = request;
      const wanted = { jobId, taskIndex, epoch, fromOffset: Math.max(0, Number(fromOffset)), isFollowing: follow };
      for await (const { epoch: of, chunk } of streamLogs(deps, ctx, wanted)) {
        const { offset, data, loggedAt } = chunk;
        yield { epoch: of, offset: BigInt(offset), data: Buffer.from(data), loggedAt: new Date(loggedAt) };
      }
    }),
    quoteJob: unary(read, async (ctx, { spec, expectedSeconds }) => {
      const answer = await quoteJob(deps, ctx, { spec: readSpec(spec), expectedSeconds });
      return answer.kind === 'refused' ? toRefused(answer.refusal) : toProtoQuote(answer.value);
    }),
  };
  return { definition: JobServiceService, implementation };
}
