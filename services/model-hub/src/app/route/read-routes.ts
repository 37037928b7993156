import type { Outcome } from '../../domain/refusal.ts';
import type { Route } from '../../domain/route/route.ts';
import { type Page, type PageAsk, readPage } from '../paging.ts';
import type { HubDeps } from '../ports.ts';

/** More than any installation has; a snapshot is one message. */
const MAX_SNAPSHOT_ROUTES = 5_000;

/** By model name; only those in force. */
export function listRoutes(deps: Pick<HubDeps, 'work'>, ask: PageAsk): Promise<Outcome<Page<Route>>> {
  return deps.work(({ routes }) =>
    readPage(ask, {
      name: 'routes',
      keyOf: (route) => route.model,
      read: (slice) => routes.list(slice),
    }),
  );
}

/** All routes in force, for a gateway that starts. */
export function snapshotRoutes(deps: Pick<HubDeps, 'work'>): Promise<Route[]> {
  return deps.work(({ routes }) => routes.list({ limit: MAX_SNAPSHOT_ROUTES }));
}
