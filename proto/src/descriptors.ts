import { readFileSync } from 'node:fs';

/** The compiled descriptors of all packages (a FileDescriptorSet): what gRPC reflection serves from. */
export function readDescriptorSet(): Buffer {
  return readFileSync(new URL('../gen/descriptors.binpb', import.meta.url));
}

/** Packages that partners see, by service. */
export const PUBLIC_PACKAGES = {
  billing: 'suanli.billing.v1',
  scheduler: 'suanli.scheduler.v1',
  workflow: 'suanli.workflow.v1',
  modelhub: 'suanli.modelhub.v1',
  gateway: 'suanli.gateway.v1',
} as const;
