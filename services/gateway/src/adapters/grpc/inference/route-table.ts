import { type Clock, type Logger } from '@suanli/kernel';
import { type ClientTls, createGrpcClient } from '@suanli/grpc-kit';
import type { Bus } from '@suanli/messaging';
import { HubServiceClient } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import type { Route } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { ModelRoute, RouteTable } from '../../../app/inference/ports.ts';

const DEADLINE_MS = 3_000;
/** A snapshot is taken at every change, and this often in case one was not heard. */
const REFRESH_MS = 15_000;
const RETRY_MS = 1_000;

export type FollowedRoutes = RouteTable & {
  /** Keeps the table true. */
  follow(signal: AbortSignal): Promise<void>;
};

/**
 * The model hub's routes, followed live. While the hub is away the last known ones serve. A model without a route goes
 * to the default upstream under its own name, where the operator has configured one.
 */
export function followRoutes(options: {
  address: string;
  tls: ClientTls;
  bus: Bus;
  clock: Clock;
  logger: Logger;
  defaultUpstream: string | undefined;
  boot: { use<T extends AsyncDisposable>(resource: T): T };
}): FollowedRoutes {
  const { address, tls, bus, clock, logger, defaultUpstream, boot } = options;
  const hub = boot.use(
    createGrpcClient(HubServiceClient, { address, tls, peer: 'model-hub', defaultDeadlineMs: DEADLINE_MS }),
  );
  let routes: ReadonlyMap<string, ModelRoute> | undefined;
  let waking = new AbortController();
  boot.use(bus.listen(EVENTS.routeChanged.subject, () => waking.abort()));

  return {
    find(model) {
      const route = routes?.get(model);
      if (route !== undefined || defaultUpstream === undefined) return route;
      return {
        model,
        upstream: defaultUpstream,
        upstreamModel: model,
        description: '',
        isLanguageModel: true,
        updatedAt: 0,
        isListed: false,
      };
    },
    list: () => [...(routes?.values() ?? [])],
    isLoaded: () => routes !== undefined,
    async follow(signal) {
      while (!signal.aborted) {
        waking = new AbortController();
        let pauseMs = REFRESH_MS;
        try {
          const snapshot = await hub.snapshotRoutes({});
          routes = new Map(snapshot.routes.map((route) => [route.model, fromWire(route)]));
        } catch (error) {
          logger.warn({ err: error }, 'the routes could not be read; the last known ones serve');
          pauseMs = RETRY_MS;
        }
        await clock.sleep(pauseMs, AbortSignal.any([signal, waking.signal]));
      }
    },
  };
}

function fromWire({ updatedAt, version: _version, ...route }: Route): ModelRoute {
  return { ...route, updatedAt: updatedAt?.getTime() ?? 0, isListed: true };
}
