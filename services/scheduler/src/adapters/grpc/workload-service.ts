import {
  internalHandler,
  onBehalfOf,
  type PeerContext,
  refuse,
  unary,
  grpcError,
  invalidArgument,
} from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/proto/suanli/common/v1/common.ts';
import { type WorkloadServiceServer, WorkloadServiceService } from '@suanli/proto/suanli/scheduler/internal/v1/jobs.ts';
import type { SchedulerDeps } from '../../app/deps.ts';
import { cancelJob } from '../../app/jobs/cancel-job.ts';
import { createJob } from '../../app/jobs/create-job.ts';
import { readLogTail } from '../../app/jobs/stream-logs.ts';
import { toRefused } from './errors.ts';
import { fromProtoTenant, readSpec, toProtoJob } from './job-mapping.ts';
import { noSuchJob } from './job-service.ts';

const MAX_TAIL_BYTES = 1024 * 1024;

/** Jobs on a tenant's behalf, for services of ours. */
export function workloadService(deps: SchedulerDeps) {
  const access = internalHandler({ callers: ['workflow'] });
  const { workloads } = deps.stores(deps.db);
  const implementation: WorkloadServiceServer = {
    submitJob: unary(access, async (peer, { tenant, requestId, spec }) => {
      const answer = await createJob(deps, contextOf(peer, tenant), { requestId, spec: readSpec(spec) });
      return answer.kind === 'refused' ? toRefused(answer.refusal) : { job: toProtoJob(answer.value) };
    }),
    readJob: unary(access, async (peer, { tenant, jobId }) => {
      const view = await workloads.view(contextOf(peer, tenant).tenant, jobId);
      return view === undefined ? refuse(noSuchJob) : { job: toProtoJob(view) };
    }),
    stopJob: unary(access, async (peer, { tenant, jobId }) => {
      const answer = await cancelJob(deps, contextOf(peer, tenant), jobId);
      return answer.kind === 'refused' ? toRefused(answer.refusal) : { job: toProtoJob(answer.value) };
    }),
    readLogTail: unary(access, async (peer, { tenant, jobId, taskIndex, maxBytes }) => {
      const wanted = { jobId, taskIndex, maxBytes: Math.min(Math.max(maxBytes, 0), MAX_TAIL_BYTES) };
      const data = await readLogTail(deps, contextOf(peer, tenant), wanted);
      return data === undefined ? refuse(noSuchJob) : { data: Buffer.from(data) };
    }),
  };
  return { definition: WorkloadServiceService, implementation };
}

function contextOf(peer: PeerContext, tenant: TenantPath | undefined) {
  if (tenant === undefined || tenant.accountId === '' || tenant.workspaceId === '') {
    throw grpcError(invalidArgument('TENANT_MISSING', 'tenant must name an account and a workspace'));
  }
  return onBehalfOf(peer, fromProtoTenant(tenant));
}
