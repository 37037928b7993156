import { createGrpcServer, createTokenVerifier, type GrpcServer, type ServerTls } from '@suanli/grpc-kit';
import { PUBLIC_PACKAGES, readDescriptorSet } from '@suanli/proto/descriptors';
import type { Metrics } from '@suanli/service-kit';
import type { SchedulerDeps } from '../../app/deps.ts';
import type { Market } from '../../app/market.ts';
import type { WaitForChange } from '../../app/ports.ts';
import { computeService } from './compute-service.ts';
import { jobService } from './job-service.ts';
import { workloadService } from './workload-service.ts';

export type Listeners = { internal: GrpcServer; partner: GrpcServer | undefined } & AsyncDisposable;

/** The two doors: all packages behind mutual TLS for our own services, the public ones with reflection for partners. */
export function createListeners(
  config: { GRPC_INTERNAL_ADDRESS: string; GRPC_PARTNER_ADDRESS?: string | undefined; JWKS_URL: string },
  deps: SchedulerDeps,
  host: { tls: ServerTls; metrics: Metrics; market: Market; waitForChange: WaitForChange },
): Listeners {
  const { clock, logger, ids, prices, policy } = deps;
  const { tls, metrics, market, waitForChange } = host;
  const owned = new AsyncDisposableStack();
  const verifier = createTokenVerifier({ jwksUrl: config.JWKS_URL, clock, logger });
  const publicServices = [
    jobService({ ...deps, waitForChange }, verifier),
    computeService({ market, prices, leaseMs: policy.leaseMs }, verifier),
  ];
  const rpc = { logger, clock, ids, observe: metrics.observeGrpc };
  const services = [...publicServices, workloadService(deps)];
  const internal = owned.use(createGrpcServer({ ...rpc, address: config.GRPC_INTERNAL_ADDRESS, tls, services }));
  const reflection = { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.scheduler] };
  const address = config.GRPC_PARTNER_ADDRESS;
  const partner =
    address === undefined
      ? undefined
      : owned.use(createGrpcServer({ ...rpc, address, services: publicServices, reflection }));
  return { internal, partner, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
