import { eventually } from '@suanli/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEASE_MARGIN_MS, LEASE_MS, type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

describe('a lost agent', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  let hefeiLives: AsyncDisposable;
  let cleanup: AsyncDisposableStack;

  beforeEach(async () => {
    cleanup = new AsyncDisposableStack();
    platform = cleanup.use(await startPlatform());
    hefei = platform.hefei();
    hefeiLives = cleanup.use(hefei.alive());
  });
  afterEach(() => cleanup.disposeAsync());

  const runOnHefei = async (fields = {}) => {
    const jobId = await platform.submit(fields);
    await platform.until(jobId, (job) => job.phase === 'running');
    hefei.run(jobId, 3_000);
    await eventually(async () => (await platform.taskOf(jobId)).runMs === 3_000);
    return jobId;
  };

  it('is fenced after its lease, its job runs elsewhere in the next epoch, and old reports change nothing', async () => {
    const jobId = await runOnHefei();
    await hefeiLives[Symbol.asyncDispose]();
    const silentSinceMs = performance.now();
    const lost = await platform.until(jobId, (job) => job.attempts[0]?.phase === 'lost');
    expect(performance.now() - silentSinceMs).toBeGreaterThan(LEASE_MS + LEASE_MARGIN_MS - 100);
    expect(lost.attempts[0]).toMatchObject({ chargedMs: 3_000n });
    expect(await platform.fencedCount(jobId)).toBe(1);
    expect(await platform.subjects('workload')).toContain('suanli.scheduler.workload.fenced.v1');
    const shanghai = platform.shanghai();
    cleanup.use(shanghai.alive());
    const again = await platform.until(jobId, (job) => job.phase === 'running');
    expect(again).toMatchObject({
      epoch: 2,
      attempts: [
        { epoch: 1, phase: 'lost' },
        { epoch: 2, region: 'cn-shanghai' },
      ],
    });

    // The cut-off agent comes back with what it ran meanwhile: it is told to drop it, and nobody pays for it.
    hefei.run(jobId, 9_000);
    hefei.exit(jobId, 0);
    expect((await hefei.request()).tasks).toEqual([]);
    shanghai.run(jobId, 1_000);
    shanghai.exit(jobId, 0);
    const done = await platform.until(jobId, (job) => job.phase === 'succeeded');
    expect(done.attempts.map((attempt) => attempt.chargedMs)).toEqual([3_000n, 1_000n]);
    const charged = (await platform.usageOf(jobId)).map((event) => event.usageId);
    expect(charged).toEqual([`${jobId}:1:0:0-3000`, `${jobId}:2:0:0-1000`]);
    await eventually(() =>
      expect(platform.billing.ofJob(jobId).map((hold) => hold.status)).toEqual(['closed', 'closed']),
    );
    expect(await platform.subjects('node')).toContain('suanli.scheduler.node.lost.v1');
  });

  it('fails its job once the requeues are used up, and capacity comes back', async () => {
    const jobId = await runOnHefei({ maxRequeues: 0 });
    await hefeiLives[Symbol.asyncDispose]();
    const job = await platform.until(jobId, ({ phase }) => phase === 'failed');
    expect(job.reason?.code).toBe('agent_lost');
    await hefei.sync();
    expect((await platform.stock('cn-hefei'))?.freeMilliGpus).toBe(4000n);
  });

  it('loses at once what a new instance of it does not have', async () => {
    const jobId = await runOnHefei();
    hefei.restart();
    const again = await platform.until(jobId, (job) => job.epoch === 2 && job.phase === 'running');
    expect(await platform.fencedCount(jobId)).toBe(0);
    expect(again.attempts[0]).toMatchObject({ phase: 'lost', chargedMs: 3_000n });
  });

  it('leaves a job that asked to be kept, tells its owner, and charges what it ran alone', async () => {
    const jobId = await runOnHefei({ onDisconnect: 'keep', disconnectGraceSeconds: 60 });
    await hefeiLives[Symbol.asyncDispose]();
    await platform.until(jobId, (job) => job.reason?.code === 'cluster_unreachable');
    hefei.run(jobId, 8_000);
    await hefei.sync();
    const back = await platform.until(jobId, (job) => job.reason?.code === 'started');
    expect(back).toMatchObject({ phase: 'running', epoch: 1 });
    hefei.exit(jobId, 0);
    await hefei.sync();
    expect((await platform.until(jobId, (job) => job.phase === 'succeeded')).attempts[0]?.chargedMs).toBe(8_000n);
  });

  it('cancels what was being cancelled when it was lost', async () => {
    const jobId = await runOnHefei();
    hefei.resist(`${jobId}:1:0`);
    await platform.cancel(jobId);
    await hefeiLives[Symbol.asyncDispose]();
    expect((await platform.until(jobId, (job) => job.phase === 'cancelled')).attempts[0]?.chargedMs).toBe(3_000n);
  });
});
