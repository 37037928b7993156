import { eventually } from '@suanli/test-kit';
import type { Hold, Job, Wallet } from '@suanli/tools/smoke/rest/views';
import { expect, it } from 'vitest';
import { verifyLedger } from '../support/ledger.ts';
import { isReplaced, kill, untilAllReady, type Victim } from '../support/platform.ts';
import { openTenant, YUAN } from '../support/tenants.ts';
import { expectDoneOnce, givenBack, submitTicking } from '../support/ticking-jobs.ts';

const VICTIMS: readonly Victim[] = [
  'scheduler',
  'agent-cn-shanghai',
  'billing',
  'gateway',
  'nats',
  'redis',
  'postgres',
];
const JOBS = 12;
/** Half-seconds: long enough that some run through every kill, short enough to begin anew. */
const TICKS = 50;
const PATIENCE_MS = 60_000;
const LIMIT_MS = 240_000;

it(
  'kill -9 of each part in turn, while twelve jobs run, loses nothing and charges nothing twice',
  async () => {
    const { api } = await openTenant('chaos', 100n * YUAN, PATIENCE_MS);
    const signal = AbortSignal.timeout(LIMIT_MS);
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, (_, i) => submitTicking(api, `chaos-${i + 1}`, TICKS, signal)),
    );
    for (const victim of VICTIMS) {
      await eventually(async () => (await running(api)) > 0, { timeoutMs: PATIENCE_MS });
      await isReplaced(victim, await kill(victim));
      await untilAllReady();
    }
    const total = await expectDoneOnce(api, jobs);
    await eventually(
      async () => {
        const { posted_micros: posted } = await api.get<Wallet>('/v1/wallet');
        expect(100n * YUAN - BigInt(posted)).toBe(total - (await givenBack(api)));
      },
      { timeoutMs: PATIENCE_MS },
    );
    await eventually(async () => expect(await api.list<Hold>('/v1/holds?status=active')).toEqual([]), {
      timeoutMs: PATIENCE_MS,
    });
    expect(await verifyLedger()).toMatchObject({ driftMicros: '0', broken: {} });
  },
  LIMIT_MS,
);

async function running(api: Awaited<ReturnType<typeof openTenant>>['api']): Promise<number> {
  return (await api.get<{ data: Job[] }>('/v1/jobs?phase=running')).data.length;
}
