import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'node:tls';
import { PUBLIC_PACKAGES } from '@suanli/proto/descriptors';
import { beforeAll, describe, expect, it } from 'vitest';
import { platform } from '../support/platform.ts';
import { knowsSymbol, listServices } from '../support/reflection.ts';
import { openTenant, type Tenant, YUAN } from '../support/tenants.ts';
import { root } from '../tidy/repository.ts';

const EXAMPLE = 'examples/partner/submit-and-watch.ts';
const EXAMPLE_LIMIT_MS = 60_000;

let tenant: Tenant;
let facts: Awaited<ReturnType<typeof platform>>;
beforeAll(async () => {
  tenant = await openTenant('partner', 10n * YUAN);
  facts = await platform();
});

describe("a partner's view", () => {
  it('the example exchanges its key for a token, submits a job and watches it to its end', async () => {
    const { grpc } = facts;
    const env = {
      PATH: process.env['PATH'],
      SUANLI_API_KEY: tenant.api.target.apiKey,
      GATEWAY_GRPC: grpc.gateway,
      SCHEDULER_GRPC: grpc.scheduler,
    };
    const args = ['--disable-warning=ExperimentalWarning', join(root, EXAMPLE)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: EXAMPLE_LIMIT_MS });
    expect(stdout).toMatch(/^submitted job_\w+\n/);
    expect(stdout).toMatch(/^running/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^succeeded completed/);
  });

  it.each(Object.entries(PUBLIC_PACKAGES))('reflection of %s shows %s and health alone', async (name, packageName) => {
    const address = facts.grpc[name === 'modelhub' ? 'model-hub' : (name as 'billing')];
    const shown = await listServices(address);
    const foreign = shown.filter((service) => !service.startsWith(`${packageName}.`) && !service.startsWith('grpc.'));
    expect(foreign).toEqual([]);
    expect(shown.some((service) => service.startsWith(`${packageName}.`))).toBe(true);
    const internal = `suanli.${name}.internal.v1`;
    const hidden = INTERNAL_SERVICES.map((service) => `${internal}.${service}`);
    expect(await Promise.all(hidden.map((symbol) => knowsSymbol(address, symbol)))).toEqual(hidden.map(() => false));
  });

  it.each(['billing', 'scheduler', 'workflow', 'model-hub', 'gateway'] as const)(
    'the internal listener of %s refuses whoever has no certificate',
    async (service) => {
      await expect(listServices(facts.internalGrpc[service])).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED/);
      expect(await isTlsRefused(facts.internalGrpc[service])).toBe(true);
    },
  );
});

const INTERNAL_SERVICES = ['HoldService', 'WorkloadService', 'InferenceService', 'JobKeyService', 'HubService'];

/** Speaks TLS, but shows no certificate of its own. */
function isTlsRefused(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    // TLS 1.3 tells a client that its certificate is missing only after its own handshake is done.
    socket.once('data', () => resolve(false));
    socket.once('error', () => resolve(true));
    socket.once('close', () => resolve(true));
    socket.setTimeout(5_000, () => resolve(false));
  });
}
