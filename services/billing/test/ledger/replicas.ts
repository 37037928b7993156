import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@suanli/local-servers';
import { eventually } from '@suanli/test-kit';
import type { Platform } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_MS = 60_000;

/** One replica of billing in a process of its own, always at the same address: killed and started again by the test. */
export type Replica = AsyncDisposable & {
  address: string;
  /** SIGKILL, then the next process at the same address. Does not wait until that one answers. */
  crash(): Promise<void>;
  untilReady(): Promise<void>;
};

export async function startReplica(platform: Platform, name: string): Promise<Replica> {
  // Not of the range that the system takes for outgoing connections: each port must still be free after a crash.
  const grpcPort = await freePort();
  const opsPort = await freePort();
  const env = {
    ...platform.environment(),
    PATH: process.env['PATH'],
    LOG_LEVEL: 'silent',
    REPLICA_ID: name,
    GRPC_INTERNAL_ADDRESS: `127.0.0.1:${grpcPort}`,
    OPS_ADDRESS: `127.0.0.1:${opsPort}`,
  };
  const start = (): ChildProcess => spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
  let child = start();
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    address: env.GRPC_INTERNAL_ADDRESS,
    async crash() {
      await kill();
      child = start();
    },
    async untilReady() {
      await eventually(() => isReady(`http://127.0.0.1:${opsPort}/readyz`), { timeoutMs: START_MS });
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // Not listening yet.
  }
}
