import { outbox } from '@suanli/postgres';
import { eventually } from '@suanli/test-kit';
import { asc } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

describe('the life of a job', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform());
    hefei = platform.hefei();
    cleanup.use(hefei.alive());
    await eventually(
      async () =>
        (
          await platform.compute.listSkus(
            { region: '' },
            {
              token: await platform.tokenOf({ accountId: 'acc_alice', workspaceId: 'wsp_a', principalId: 'usr_alice' }),
            },
          )
        ).skus.length > 0,
    );
  });
  afterAll(() => cleanup.disposeAsync());

  it('runs, is charged to the millisecond, and gives everything back', async () => {
    const jobId = await platform.submit({ milliGpus: 2000, externalKey: 'step-7' });
    await platform.until(jobId, (job) => job.phase === 'running');
    hefei.run(jobId, 12_345);
    hefei.exit(jobId, 0);
    const job = await platform.until(jobId, ({ phase }) => phase === 'succeeded');
    const [attempt] = job.attempts;
    const [task] = attempt?.tasks ?? [];
    expect(attempt?.chargedMs).toBe(12_345n);
    expect((task?.finishedAt?.getTime() ?? 0) - (task?.startedAt?.getTime() ?? 0)).toBe(12_345);
    const usage = await usageOf(platform, jobId);
    expect(usage.map((event) => event.readings)).toEqual([[{ meter: 'gpu_time', quantity: String(2000 * 12_345) }]]);
    expect(usage[0]).toMatchObject({
      usageId: `${jobId}:1:0:0-12345`,
      isFinal: true,
      costKey: 'step-7',
      holdId: attempt?.holdId,
    });
    await eventually(() => {
      expect(platform.billing.ofJob(jobId).map((hold) => [hold.status, hold.finalUsageId])).toEqual([
        ['closed', `${jobId}:1:0:0-12345`],
      ]);
      expect(platform.gateway.keys.has(`${jobId}:1`)).toBe(false);
    });
  });
});

async function usageOf(platform: Platform, jobId: string): Promise<Record<string, unknown>[]> {
  const rows = await platform.db.select().from(outbox).orderBy(asc(outbox.position));
  return rows
    .filter((row) => row.subject.includes('usage') && row.aggregateId === jobId)
    .map((row) => row.payload as Record<string, unknown>);
}
