import { eventually } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { alice, startPlatform } from './support/platform.ts';

describe('two replicas', () => {
  it('admit each job once, go on without the leader, and share the agents', async () => {
    await using platform = await startPlatform({ replicas: 2 });
    const [first] = platform.replicas;
    const hefei = platform.hefei();
    const shanghai = platform.shanghai();
    await using _hefei = hefei.alive();
    await using _shanghai = shanghai.alive();
    const jobs: string[] = [];
    for (let at = 0; at < 12; at++) jobs.push(await platform.submit({ milliGpus: 1000 }));
    await eventually(async () => (await platform.countIn('running')) === 8);

    // The public client of the test talks to the first replica: stop the other's rival only when it leads.
    const leader = await platform.leader();
    const victim = leader === 'replica-0' ? first : platform.replicas[1];
    await victim?.[Symbol.asyncDispose]();
    const survivor = leader === 'replica-0' ? platform.clientOf(1) : platform.clientOf(0);
    for (const id of jobs) {
      hefei.exit(id, 0);
      shanghai.exit(id, 0);
    }
    await eventually(
      async () => {
        for (const id of jobs) {
          hefei.exit(id, 0);
          shanghai.exit(id, 0);
        }
        const token = await platform.tokenOf(alice);
        const { jobs: done } = await survivor.listJobs({ page: undefined, phases: ['succeeded'] }, { token });
        if (done.length < jobs.length) throw new Error(`${done.length} of ${jobs.length} ended`);
      },
      { timeoutMs: 20_000 },
    );
    const attempts = await platform.db.execute<{ attempts: number }>(
      sql`select count(*)::int as attempts from attempts`,
    );
    expect(attempts.rows[0]?.attempts).toBe(12);
    expect(new Set([...platform.billing.holds.values()].map((hold) => hold.requestId)).size).toBe(12);
  });
});
