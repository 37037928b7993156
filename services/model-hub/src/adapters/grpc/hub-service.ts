import { type GrpcService, internalHandler, invalidArgument, refuse, unary } from '@suanli/grpc-kit';
import { type HubServiceServer, HubServiceService } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import { searchCorpus } from '../../app/corpus/search-corpus.ts';
import type { HubDeps } from '../../app/ports.ts';
import { resolveRevision } from '../../app/repository/read-revisions.ts';
import { snapshotRoutes } from '../../app/route/read-routes.ts';
import type { HubMetrics } from '../hub-metrics.ts';
import { readTenant, writeRoute } from './messages.ts';
import { answer } from './refusals.ts';

const tenantMissing = invalidArgument('TENANT_MISSING', 'tenant needs an account and a workspace');

/** What other services ask. They are known by their certificates and say for which tenant they ask. */
export function hubService(hub: HubDeps, metrics: HubMetrics): GrpcService {
  const implementation: HubServiceServer = {
    searchForTenant: unary(internalHandler({ callers: ['workflow'] }), async (_ctx, request) => {
      const tenant = readTenant(request.tenant);
      if (!tenant) return refuse(tenantMissing);
      const { corpusId = '', query = '', limit = 0 } = request.search ?? {};
      const search = () => searchCorpus(hub, tenant, { corpus: corpusId, query, limit });
      return answer(await metrics.timeSearch(search), (hits) => ({ hits }));
    }),
    snapshotRoutes: unary(internalHandler({ callers: ['gateway'] }), async () => ({
      routes: (await snapshotRoutes(hub)).map(writeRoute),
    })),
    resolveRevision: unary(internalHandler({ callers: ['scheduler'] }), async (_ctx, request) => {
      const tenant = readTenant(request.tenant);
      if (!tenant) return refuse(tenantMissing);
      const ask = { repository: request.repositoryId, revision: request.revision };
      return answer(await resolveRevision(hub, tenant, ask), ({ repository, revision }) => ({
        repositoryId: repository.repositoryId,
        revision,
      }));
    }),
  };
  return { definition: HubServiceService, implementation };
}
