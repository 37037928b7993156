import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, silentLogger } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentEnv } from '../src/agent/config.ts';
import { createAgent } from '../src/agent/service.ts';
import { collect } from './support/collect.ts';
import { alice, type Platform, startPlatform } from './support/platform.ts';

const CLUSTER_FILE = fileURLToPath(new URL('../../../deploy/catalogue/cluster-cn-hefei.yaml', import.meta.url));

describe('control plane and agent together', () => {
  let platform: Platform;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform());
    const agentDir = await mkdtemp(join(tmpdir(), 'suanli-agent-'));
    cleanup.defer(() => rm(agentDir, { recursive: true, force: true }));
    const { url, user, password } = platform.bus;
    const config = agentEnv.parse({
      ...{ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, REPLICA_ID: 'agent', OPS_ADDRESS: '127.0.0.1:0' },
      ...{ CLUSTER_ID: 'cn-hefei', CLUSTER_FILE, AGENT_DIR: agentDir, TRUSTED_TENANTS: '*' },
      GATEWAY_URL: 'http://127.0.0.1:9',
    });
    const agent = cleanup.use(await createAgent(config, { logger: silentLogger }));
    await agent.start();
    await eventually(async () => (await platform.stock('cn-hefei'))?.freeMilliGpus === 4000n);
  });
  afterAll(() => cleanup.disposeAsync());

  it('run a real process, carry its log, and charge exactly what it ran', async () => {
    const script = 'echo "on $SUANLI_REGION with $CUDA_VISIBLE_DEVICES"; sleep 0.3; echo done';
    const jobId = await platform.submit({ command: ['sh', '-c', script], milliCpus: 200, memoryBytes: 268_435_456n });
    const request = { jobId, taskIndex: 0, epoch: 0, fromOffset: 0n, follow: true };
    const token = await platform.tokenOf(alice);
    const log = await collect(platform.jobs.streamLogs(request, { token, deadlineMs: 20_000 }));
    expect(log.map(({ data }) => Buffer.from(data).toString()).join('')).toMatch(/^on cn-hefei with \d\ndone\n$/);
    const job = await platform.until(jobId, ({ phase }) => phase === 'succeeded');
    const [task] = job.attempts[0]?.tasks ?? [];
    const shownMs = (task?.finishedAt?.getTime() ?? 0) - (task?.startedAt?.getTime() ?? 0);
    expect(shownMs).toBeGreaterThan(0);
    expect(task?.chargedMs).toBe(BigInt(shownMs));
  });

  it('end a process that is cancelled, and start the one that waited for its device', async () => {
    const sleeper = { command: ['sleep', '600'], milliGpus: 2000, milliCpus: 200, memoryBytes: 268_435_456n };
    const running = await Promise.all([platform.submit(sleeper), platform.submit(sleeper)]);
    await Promise.all(running.map((id) => platform.until(id, (job) => job.phase === 'running')));
    const waiting = await platform.submit({ ...sleeper, command: ['true'] });
    await platform.until(waiting, (job) => job.reason?.code === 'waiting_for_capacity');
    await platform.cancel(running[0] ?? '');
    const cancelled = await platform.until(running[0] ?? '', (job) => job.phase === 'cancelled');
    expect(cancelled.attempts[0]?.tasks[0]?.signal).toBe('SIGTERM');
    await platform.until(waiting, (job) => job.phase === 'succeeded');
    await platform.cancel(running[1] ?? '');
    await platform.until(running[1] ?? '', (job) => job.phase === 'cancelled');
  });
});
