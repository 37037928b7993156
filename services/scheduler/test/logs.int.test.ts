import { RequestFailed } from '@suanli/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from './support/collect.ts';
import { alice, fastPolicy, type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

describe('logs', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform({ policy: { ...fastPolicy, logBytesPerTask: 20 } }));
    hefei = platform.hefei();
    cleanup.use(hefei.alive());
  });
  afterAll(() => cleanup.disposeAsync());

  const readAll = async (jobId: string, fields: { fromOffset?: bigint; follow?: boolean } = {}) => {
    const request = { jobId, taskIndex: 0, epoch: 0, fromOffset: 0n, follow: false, ...fields };
    const token = await platform.tokenOf(alice);
    const chunks = await collect(platform.jobs.streamLogs(request, { token, deadlineMs: 20_000 }));
    return chunks.map(({ data }) => Buffer.from(data).toString()).join('');
  };

  it('are stored once by offset, without gaps, up to their bound', async () => {
    const jobId = await platform.submit();
    await platform.until(jobId, (job) => job.phase === 'running');
    expect(await hefei.sendLog(jobId, 'hello ')).toBe(6);
    expect(await hefei.sendLog(jobId, 'hello ')).toBe(6);
    expect(await hefei.sendLog(jobId, 'gap', 9)).toBe(6);
    expect(await hefei.sendLog(jobId, 'lo world', 3)).toBe(11);
    expect(await readAll(jobId)).toBe('hello world');
    expect(await readAll(jobId, { fromOffset: 8n })).toBe('rld');
    await expect(
      platform.workloads.readLogTail({ tenant: { ...alice, subAccountId: '' }, jobId, taskIndex: 0, maxBytes: 5 }),
    ).resolves.toMatchObject({ data: Buffer.from('world') });
    expect(await hefei.sendLog(jobId, '0123456789abcdef', 11)).toBe(-1);
    expect(await readAll(jobId)).toBe('hello world012345678');
    expect(await hefei.sendLog(jobId, 'more', 20)).toBe(-1);
    hefei.exit(jobId, 0);
    await platform.until(jobId, (job) => job.phase === 'succeeded');
  });

  it('are followed until the job has ended and all is sent', async () => {
    const jobId = await platform.submit();
    const following = readAll(jobId, { follow: true });
    await platform.until(jobId, (job) => job.phase === 'running');
    await hefei.sendLog(jobId, 'first ');
    await hefei.sendLog(jobId, 'last', 6);
    hefei.exit(jobId, 0);
    expect(await following).toBe('first last');
  });

  it('are taken from the cluster that runs the task only', async () => {
    const jobId = await platform.submit();
    await platform.until(jobId, (job) => job.phase === 'running');
    expect(await platform.shanghai().sendLog(jobId, 'not mine')).toBe(-1);
    expect(await readAll(jobId)).toBe('');
    hefei.exit(jobId, 0);
  });

  it('may only be sent in the name of one’s own cluster', async () => {
    const forged = platform.bus.request('suanli.agent.cn-shanghai.up.sync', await hefei.encodedSync(), {
      timeoutMs: 2_000,
    });
    await expect(forged).rejects.toBeInstanceOf(RequestFailed);
  });
});
