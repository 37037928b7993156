import {
  failedPrecondition,
  internalHandler,
  invalidArgument,
  notFound,
  onBehalfOf,
  refuse,
  unary,
} from '@suanli/grpc-kit';
import { type JobKeyServiceServer, JobKeyServiceService } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { issueJobKey, revokeJobKey } from '../../app/keys/job-keys.ts';
import type { CommandDeps } from '../../app/ports.ts';

/** What a task may ask of the platform in a minute, with all its tools together. */
const JOB_REQUESTS_PER_MINUTE = 1_200;

const scheduler = internalHandler({ callers: ['scheduler'] });

/** Keys of running jobs, for the scheduler. */
export function jobKeyService(deps: CommandDeps) {
  const implementation: JobKeyServiceServer = {
    issueJobKey: unary(scheduler, async (ctx, { tenant, jobId, epoch, expiresAt }) => {
      if (!tenant || !expiresAt || jobId === '' || epoch < 1) {
        return refuse(invalidArgument('INVALID_REQUEST', 'tenant, job_id, epoch and expires_at are needed'));
      }
      const issued = await issueJobKey(deps, onBehalfOf(ctx, tenant), {
        jobId,
        epoch,
        expiresAt: expiresAt.getTime(),
        requestsPerMinute: JOB_REQUESTS_PER_MINUTE,
      });
      if (issued.kind === 'issued') return { key: issued.secret, keyId: issued.keyId };
      return issued.reason === 'workspace_not_found'
        ? refuse(notFound('WORKSPACE_NOT_FOUND', 'there is no such workspace'))
        : refuse(failedPrecondition('EXPIRY_IN_PAST', 'the expiry is in the past'));
    }),
    revokeJobKey: unary(scheduler, async (_ctx, { jobId, epoch }) => {
      await revokeJobKey(deps, { jobId, epoch });
      return {};
    }),
  };
  return { definition: JobKeyServiceService, implementation };
}
