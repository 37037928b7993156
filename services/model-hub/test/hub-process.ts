import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '@suanli/test-kit';
import type { ModelHubAddresses } from '../src/service.ts';
import type { Surroundings } from './harness.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const START_LIMIT_MS = 20_000;

export type HubProcess = AsyncDisposable & {
  addresses: ModelHubAddresses;
  start(): Promise<void>;
  /** As a machine does it: no warning, no goodbye. */
  kill(): Promise<void>;
  residentBytes(): Promise<number>;
};

/** The model hub as it runs in production: a process of its own, always at the same addresses. */
export async function hubProcess(around: Surroundings): Promise<HubProcess> {
  const [internal, partner, data, ops] = await Promise.all([1, 2, 3, 4].map(freeAddress));
  if (!internal || !partner || !data || !ops) throw new Error('no free ports');
  const addresses = { internal, partner, data, ops };
  const env = {
    ...around.env,
    PATH: process.env['PATH'],
    GRPC_INTERNAL_ADDRESS: internal,
    GRPC_PARTNER_ADDRESS: partner,
    DATA_ADDRESS: data,
    OPS_ADDRESS: ops,
  };
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  return {
    addresses,
    async start() {
      child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      await eventually(async () => (await fetch(`http://${ops}/readyz`)).ok, { timeoutMs: START_LIMIT_MS });
    },
    kill,
    async residentBytes() {
      const metrics = await (await fetch(`http://${ops}/metrics`)).text();
      return Number(/^process_resident_memory_bytes\S* (\S+)$/m.exec(metrics)?.[1]);
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
