import { type GrpcClient, readGrpcError } from '@suanli/grpc-kit';
import type { HubServiceService } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import type { Revisions } from '../../../app/ports.ts';
import { toProtoTenant } from '../job-mapping.ts';

/** Revisions of the model hub, checked there for the tenant. */
export function revisionsClient(hub: GrpcClient<HubServiceService>): Revisions {
  return {
    async resolve(tenant, repositoryId, revision) {
      try {
        const found = await hub.resolveRevision({ tenant: toProtoTenant(tenant), repositoryId, revision });
        return { kind: 'resolved', repositoryId: found.repositoryId, revision: found.revision };
      } catch (error) {
        const view = readGrpcError(error);
        if (view.kind === 'refused') return { kind: 'refused', message: view.message };
        throw error;
      }
    },
  };
}
