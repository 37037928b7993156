import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import {
  changeRoute,
  checkRoute,
  DEFAULT_ROUTES,
  removeRoute,
  type Route,
  type RouteSpec,
} from '../../domain/route/route.ts';
import type { HubDeps } from '../ports.ts';
import { runCommand } from '../run-command.ts';

type RouteDeps = Pick<HubDeps, 'work' | 'clock'>;

/** Adds or replaces the route of a model name. Only operators get here. */
export async function putRoute(deps: RouteDeps, ctx: CallContext, spec: RouteSpec): Promise<Outcome<Route>> {
  const checked = checkRoute(spec);
  if (checked.kind === 'refused') return checked;
  return runCommand(deps, ctx, { name: 'put_route', body: spec }, async (stores) => {
    let route = changeRoute(await stores.routes.lock(spec.model), checked.value, deps.clock.now());
    const other = await stores.routes.put(route);
    if (other) {
      // Another operator made the first version meanwhile: this change comes after it.
      route = changeRoute(other, checked.value, deps.clock.now());
      await stores.routes.put(route);
    }
    await stores.events.append({ kind: 'route_changed', route });
    return done(route);
  });
}

/** Only operators get here. */
export function deleteRoute(
  deps: RouteDeps,
  ctx: CallContext,
  command: { model: string },
): Promise<Outcome<Record<string, never>>> {
  return runCommand(deps, ctx, { name: 'delete_route', body: command }, async (stores) => {
    const before = command.model.includes('\0') ? undefined : await stores.routes.lock(command.model);
    if (!before || before.isRemoved) return refused({ reason: 'route_not_found' });
    const route = removeRoute(before, deps.clock.now());
    await stores.routes.put(route);
    await stores.events.append({ kind: 'route_changed', route });
    return done({});
  });
}

/** Adds the routes that every installation begins with, unless they were ever there. */
export async function seedRoutes(deps: RouteDeps): Promise<void> {
  for (const spec of DEFAULT_ROUTES) {
    await deps.work(async (stores) => {
      const route = changeRoute(undefined, spec, deps.clock.now());
      const other = await stores.routes.put(route);
      if (!other) await stores.events.append({ kind: 'route_changed', route });
    });
  }
}
