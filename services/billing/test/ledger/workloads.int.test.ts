import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { systemClock, systemContext } from '@suanli/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { aTenantPath, HOUR_MS } from '../../src/testing/builders.ts';
import { billingOnPostgres } from '../under-test.ts';

const VERIFY = fileURLToPath(new URL('../../src/verify.ts', import.meta.url));

type Attempt = { workloadId: string; epoch: number; phase: string; holdId: string | null };

describe('the ledger and what runs', { timeout: 60_000 }, () => {
  let billing: Awaited<ReturnType<typeof billingOnPostgres>>;
  const asOf = new Date(systemClock.now()).toISOString();
  const live: Attempt[] = [];

  beforeAll(async () => {
    billing = await billingOnPostgres();
    const { deps } = billing;
    const tenant = aTenantPath();
    const ctx = systemContext(tenant, 'test', new AbortController().signal);
    const money = { channel: 'development', amountMicros: 5_000n, currency: 'CNY', serialNumber: '' };
    await recharge(deps, ctx, { requestId: '1', ...money });
    const place = { tenant, amountMicros: 100n, expiresAt: systemClock.now() + HOUR_MS };
    const jobs = ['job_1', 'job_2', 'job_3'].map((id) => ({ kind: 'job', id, epoch: 1 }));
    const purposes = [...jobs, { kind: 'inference_lease', id: 'lea_1', epoch: 0 }];
    const placed = await placeHolds(
      deps,
      purposes.map((purpose) => ({ ...place, requestId: purpose.id, purpose })),
    );
    for (const [at, { outcome }] of placed.slice(0, jobs.length).entries()) {
      if (outcome.kind !== 'held') throw new Error('a hold was refused');
      live.push({ workloadId: `job_${at + 1}`, epoch: 1, phase: 'running', holdId: outcome.hold.id });
    }
    const holdId = live[2]?.holdId ?? '';
    await closeHolds(deps, [{ requestId: 'c', holdId }]);
  });
  afterAll(() => billing[Symbol.asyncDispose]());

  /** As `npm run ledger:verify` runs it, with what the scheduler printed as its standard input. */
  const verify = async (attempts?: readonly Attempt[], lines?: string) => {
    const pages = `${JSON.stringify({ asOf, attempts })}\n${JSON.stringify({ asOf, total: attempts?.length })}\n`;
    const args = [VERIFY, ...(attempts === undefined && lines === undefined ? [] : ['--workloads', '-'])];
    const env = { DATABASE_URL: billing.url, PATH: process.env['PATH'] };
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(lines ?? pages);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, err, report: out === '' ? undefined : (JSON.parse(out) as Record<string, unknown>) };
  };

  it('are not compared when nobody says what runs', async () => {
    expect(await verify()).toMatchObject({ code: 0, report: { broken: {}, workloads: 'not checked' } });
  });

  it('match, whatever other holds there are', async () => {
    const ended = { workloadId: 'job_3', epoch: 1, phase: 'ended', holdId: live[2]?.holdId ?? null };
    const { code, report } = await verify([...live.slice(0, 2), ended]);
    expect([code, report]).toMatchObject([
      0,
      { driftMicros: '0', broken: {}, workloads: 'checked', liveAttempts: 2, jobHolds: 2 },
    ]);
    expect(report).not.toHaveProperty('unmatched');
  });

  it('show money that is held for nothing', async () => {
    expect(await verify(live.slice(0, 1))).toMatchObject({
      code: 1,
      report: {
        driftMicros: '0',
        broken: { holdsBelongToLiveWork: 1 },
        unmatched: { holdsWithoutWork: [live[1]?.holdId], workWithoutHold: [] },
      },
    });
  });

  it('show work that goes on without money', async () => {
    const planted = { workloadId: 'job_9', epoch: 4, phase: 'running', holdId: 'hld_none' };
    expect(await verify([...live.slice(0, 2), planted])).toMatchObject({
      code: 1,
      report: { broken: { liveWorkIsHeldFor: 1 }, unmatched: { workWithoutHold: ['job_9:4'] } },
    });
    // Its hold was given back long ago, and it still runs.
    const later = new Date(billing.clock.now() + HOUR_MS).toISOString();
    const lines = `${JSON.stringify({ asOf: later, attempts: live })}\n${JSON.stringify({ asOf: later, total: 3 })}\n`;
    expect(await verify(undefined, lines)).toMatchObject({
      code: 1,
      report: { broken: { liveWorkIsHeldFor: 1 }, unmatched: { workWithoutHold: ['job_3:1'] } },
    });
  });

  it('are not judged by half an answer', async () => {
    const half = await verify(undefined, `${JSON.stringify({ asOf, attempts: live })}\n`);
    expect([half.code, half.report]).toEqual([1, undefined]);
    expect(half.err).toContain('no end');
  });
});
