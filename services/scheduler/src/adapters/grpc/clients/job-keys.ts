import type { GrpcClient } from '@suanli/grpc-kit';
import type { JobKeyServiceService } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import type { JobKeys } from '../../../app/ports.ts';
import { toProtoTenant } from '../job-mapping.ts';

/** Job-scoped keys, made and revoked by the gateway. */
export function jobKeysClient(keys: GrpcClient<JobKeyServiceService>): JobKeys {
  return {
    async issue({ tenant, workloadId, epoch, expiresAt }) {
      const request = { tenant: toProtoTenant(tenant), jobId: workloadId, epoch, expiresAt: new Date(expiresAt) };
      return (await keys.issueJobKey(request)).key;
    },
    async revoke({ workloadId, epoch }) {
      await keys.revokeJobKey({ jobId: workloadId, epoch });
    },
  };
}
