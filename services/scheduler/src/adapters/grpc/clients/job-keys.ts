import type { GrpcClient } from '@suanli/grpc-kit';
import type { JobKeyServiceService } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import type { JobKeys } from '../../../app/ports.ts';
import { type JobKeyVault } from '../../job-key-vault.ts';
import { toProtoTenant } from '../job-mapping.ts';

/** Job-scoped keys, made and revoked by the gateway; sealed from here until they leave for the agent. */
export function jobKeysClient(keys: GrpcClient<JobKeyServiceService>, vault: JobKeyVault): JobKeys {
  return {
    async issue({ tenant, workloadId, epoch, expiresAt }) {
      const request = { tenant: toProtoTenant(tenant), jobId: workloadId, epoch, expiresAt: new Date(expiresAt) };
      return vault.seal((await keys.issueJobKey(request)).key, { workloadId, epoch });
    },
    async revoke({ workloadId, epoch }) {
      await keys.revokeJobKey({ jobId: workloadId, epoch });
    },
  };
}
