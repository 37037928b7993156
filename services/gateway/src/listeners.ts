import type { AddressInfo } from 'node:net';
import { createGrpcServer, type GrpcService, type ServerTls } from '@suanli/grpc-kit';
import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { PUBLIC_PACKAGES, readDescriptorSet } from '@suanli/proto/descriptors';
import { createOpsServer, type Metrics, type ReadinessCheck } from '@suanli/service-kit';
import { closeGently } from './adapters/http/close-gently.ts';
import type { HttpApp } from './adapters/http/create-http-app.ts';
import type { GatewayConfig } from './config.ts';

/** Where each listener was bound; `http` is a URL, the others are host:port. */
export type GatewayAddresses = { http: string; internal: string; partner?: string; ops: string };

type Parts = {
  config: GatewayConfig;
  app: HttpApp;
  /** Ends what would keep the public listener from closing. */
  drain: () => void;
  publicServices: readonly GrpcService[];
  internalServices: readonly GrpcService[];
  tls: ServerTls;
  checks: Record<string, ReadinessCheck>;
  metrics: Metrics;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  boot: { use<T extends AsyncDisposable>(resource: T): T; defer(end: () => Promise<void>): void };
};

/** All doors. They open with the public one first and `/readyz` last, and close the other way round. */
export function createListeners(parts: Parts): { open(): Promise<GatewayAddresses> } {
  const { config, app, publicServices, tls, metrics, clock, ids, logger, boot } = parts;
  const {
    GRPC_INTERNAL_ADDRESS: internalAddress,
    GRPC_PARTNER_ADDRESS: partnerAddress,
    OPS_ADDRESS: opsAddress,
  } = config;
  const common = { logger, clock, ids, observe: metrics.observeGrpc };
  const internal = boot.use(
    createGrpcServer({
      ...common,
      address: internalAddress,
      tls,
      services: [...publicServices, ...parts.internalServices],
    }),
  );
  const openPartner = partnerAddress && createPartnerDoor(partnerAddress);
  boot.defer(async () => {
    parts.drain();
    await closeGently(app, clock);
  });
  const ops = boot.use(createOpsServer({ address: opsAddress, checks: parts.checks, metrics, logger, clock }));
  boot.defer(async () => ops.drain());

  function createPartnerDoor(address: string): () => Promise<string> {
    const reflection = { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.gateway] };
    const partner = boot.use(createGrpcServer({ ...common, address, services: publicServices, reflection }));
    return async () => withPort(address, await partner.listen());
  }

  return {
    async open() {
      const host = hostOf(config.HTTP_ADDRESS);
      await app.listen({ host, port: portOf(config.HTTP_ADDRESS) });
      const { port } = app.server.address() as AddressInfo;
      return {
        http: `http://${host}:${port}`,
        internal: withPort(internalAddress, await internal.listen()),
        ...(openPartner && { partner: await openPartner() }),
        ops: withPort(opsAddress, await ops.listen()),
      };
    },
  };
}

const hostOf = (address: string) => address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));
const withPort = (address: string, port: number) => `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
