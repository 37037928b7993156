import { type GrpcService, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { type RouteServiceServer, RouteServiceService } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import type { HubDeps } from '../../app/ports.ts';
import { deleteRoute, putRoute } from '../../app/route/change-routes.ts';
import { listRoutes } from '../../app/route/read-routes.ts';
import { forRequest, readPageAsk, readRoute, writePageInfo, writeRoute } from './messages.ts';
import { answer } from './refusals.ts';

export function routeService(hub: HubDeps, verifier: TokenVerifier): GrpcService {
  const read = publicHandler(verifier, { scope: 'hub:read' });
  const operate = publicHandler(verifier, { scope: 'hub:write', roles: ['operator'] });

  const implementation: RouteServiceServer = {
    listRoutes: unary(read, async (_ctx, { page }) =>
      answer(await listRoutes(hub, readPageAsk(page)), (found) => ({
        routes: found.items.map(writeRoute),
        page: writePageInfo(found),
      })),
    ),
    putRoute: unary(operate, async (ctx, { requestId, route }) => {
      if (!route) return refuse(invalidArgument('INVALID_ROUTE', 'route is missing'));
      return answer(await putRoute(hub, forRequest(ctx, requestId), readRoute(route)), (stored) => ({
        route: writeRoute(stored),
      }));
    }),
    deleteRoute: unary(operate, async (ctx, { model }) => answer(await deleteRoute(hub, ctx, { model }), () => ({}))),
  };
  return { definition: RouteServiceService, implementation };
}
