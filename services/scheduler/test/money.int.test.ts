import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, bob, fastPolicy, type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

/** Short enough that money ends while a test looks on, long enough that it sees the warning. */
const policy = { ...fastPolicy, funding: { runwayMs: 700, warningMs: 2_500, killMs: 100 } };

describe('money', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform({ policy }));
    hefei = platform.hefei();
    cleanup.use(hefei.alive());
  });
  afterAll(() => cleanup.disposeAsync());

  it('is extended in time while there is some, and the hold never falls short of what runs', async () => {
    const jobId = await platform.submit();
    const first = await platform.until(jobId, (job) => job.phase === 'running');
    const firstUntil = first.attempts[0]?.fundedUntil?.getTime() ?? 0;
    await platform.until(jobId, (job) => (job.attempts[0]?.fundedUntil?.getTime() ?? 0) > firstUntil + 1_000);
    const job = await platform.read(jobId);
    const [hold] = platform.billing.ofJob(jobId);
    const paidMs = (job.attempts[0]?.fundedUntil?.getTime() ?? 0) - (job.attempts[0]?.boundAt?.getTime() ?? 0);
    expect(Number(hold?.amountMicros)).toBeGreaterThanOrEqual(paidMs);
    expect(platform.billing.ofJob(jobId)).toHaveLength(1);
    hefei.exit(jobId, 0);
    await platform.until(jobId, (found) => found.phase === 'succeeded');
  });

  it('that ends warns first, then stops the job', async () => {
    platform.billing.wallets.set('acc_bob', 6_000n);
    const jobId = await platform.submit({}, bob);
    await platform.until(jobId, (job) => job.phase === 'running', bob);
    await platform.until(jobId, (job) => job.reason?.code === 'funds_running_out', bob);
    const ended = await platform.until(jobId, (job) => job.phase === 'failed', bob);
    expect(ended.reason?.code).toBe('funds_exhausted');
    await eventually(() =>
      expect(platform.billing.active().filter((hold) => hold.accountId === 'acc_bob')).toEqual([]),
    );
  });

  it('that comes back wakes what waits for it', async () => {
    const carol = { ...alice, accountId: 'acc_carol' };
    platform.billing.wallets.set('acc_carol', 9_000n);
    // Their cluster was never seen, so nothing is asked of the wallet yet; later only one hold fits it.
    const jobs = [
      await platform.submit({ regions: ['cn-shanghai'] }, carol),
      await platform.submit({ regions: ['cn-shanghai'] }, carol),
    ];
    const shanghai = platform.shanghai();
    cleanup.use(shanghai.alive());
    const waiting = await eventually(async () => {
      const found = await Promise.all(jobs.map((id) => platform.read(id, carol)));
      const unfunded = found.find((job) => job.reason?.code === 'waiting_for_funds');
      if (unfunded === undefined) throw new Error(found.map((job) => job.reason?.code).join());
      return unfunded;
    });
    expect(waiting.phase).toBe('pending');
    expect(BigInt(waiting.reason?.details.missing_micros ?? 0)).toBeGreaterThan(0n);
    platform.billing.wallets.set('acc_carol', 1_000_000n);
    await platform.until(waiting.jobId, (job) => job.phase === 'running', carol);
    for (const id of jobs) shanghai.exit(id, 0);
    await Promise.all(jobs.map((id) => platform.until(id, (job) => job.phase === 'succeeded', carol)));
  });

  it('whose keeper is away delays a job and loses nothing', async () => {
    platform.billing.state.isDown = true;
    const jobId = await platform.insertPending();
    await eventually(async () => (await platform.reservedCount()) === 1);
    platform.billing.state.isDown = false;
    await platform.until(jobId, (job) => job.phase === 'running');
    expect(platform.billing.ofJob(jobId)).toHaveLength(1);
    hefei.exit(jobId, 0);
    await platform.until(jobId, (job) => job.phase === 'succeeded' || job.phase === 'running');
  });

  it('is given back, and keys are revoked, when the others are away at the end of a job', async () => {
    const jobId = await platform.submit({ regions: ['cn-hefei'] });
    await platform.until(jobId, (job) => job.phase === 'running');
    platform.billing.state.isDown = true;
    platform.gateway.state.isDown = true;
    hefei.exit(jobId, 0);
    await platform.until(jobId, (job) => job.phase === 'succeeded');
    expect(platform.gateway.keys.has(`${jobId}:1`)).toBe(true);
    platform.billing.state.isDown = false;
    platform.gateway.state.isDown = false;
    await eventually(() => {
      expect(platform.gateway.keys.has(`${jobId}:1`)).toBe(false);
      expect(platform.billing.ofJob(jobId)[0]?.status).toBe('closed');
    });
  });
});
