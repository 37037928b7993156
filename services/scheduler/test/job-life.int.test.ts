import { readGrpcError } from '@suanli/grpc-kit';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from './support/collect.ts';
import { alice, aSpec, bob, type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

describe('the life of a job', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform());
    hefei = platform.hefei();
    cleanup.use(hefei.alive());
    const shanghai = platform.shanghai();
    await eventually(() => shanghai.sync()); // Seen once: its size is known, but it is offline.
    await eventually(async () => (await platform.stock('cn-hefei'))?.freeMilliGpus === 4000n);
  });
  afterAll(() => cleanup.disposeAsync());

  const refusalOf = async (spec: Parameters<typeof aSpec>[0], tenant = alice) =>
    platform.submit(spec, tenant).then(() => undefined, readGrpcError);

  it('runs, is charged to the millisecond, and gives everything back', async () => {
    const jobId = await platform.submit({ milliGpus: 2000, externalKey: 'step-7' });
    const running = await platform.until(jobId, (job) => job.phase === 'running');
    expect(running.attempts[0]).toMatchObject({ region: 'cn-hefei', sku: 'gpu.l40s-48g', clusterId: 'cn-hefei' });
    expect((await platform.stock('cn-hefei'))?.freeMilliGpus).toBe(2000n);
    hefei.run(jobId, 12_345);
    hefei.exit(jobId, 0);
    const job = await platform.until(jobId, ({ phase }) => phase === 'succeeded');
    const [attempt] = job.attempts;
    const [task] = attempt?.tasks ?? [];
    expect(attempt?.chargedMs).toBe(12_345n);
    expect((task?.finishedAt?.getTime() ?? 0) - (task?.startedAt?.getTime() ?? 0)).toBe(12_345);
    const usage = await platform.usageOf(jobId);
    expect(usage.map((event) => event.readings)).toEqual([[{ meter: 'gpu_time', quantity: String(2000 * 12_345) }]]);
    expect(usage[0]).toMatchObject({
      ...{ usageId: `${jobId}:1:0:0-12345`, isFinal: true, costKey: 'step-7', holdId: attempt?.holdId },
      ...{ region: 'cn-hefei', item: 'gpu.l40s-48g', sourceKind: 'job', sourceId: jobId, epoch: 1 },
    });
    await eventually(() => {
      const holds = platform.billing.ofJob(jobId).map((hold) => [hold.status, hold.finalUsageId]);
      expect(holds).toEqual([['closed', `${jobId}:1:0:0-12345`]]);
      expect(platform.gateway.keys.has(`${jobId}:1`)).toBe(false);
      expect(hefei.tasksOf(jobId)).toEqual([]);
    });
    expect((await platform.stock('cn-hefei'))?.freeMilliGpus).toBe(4000n);
  });

  it('gives the agent what its task needs: spec, devices, key, money', async () => {
    const jobId = await platform.submit({
      milliGpus: 1000,
      mounts: [{ mode: 'in', path: '/data', repositoryId: 'rep_known', revision: 'main' }],
    });
    await platform.until(jobId, (job) => job.phase === 'running');
    const wanted = hefei.desired().find((task) => task.jobId === jobId);
    expect(wanted).toMatchObject({
      epoch: 1,
      index: 0,
      desired: 'run',
      region: 'cn-hefei',
      tenant: { accountId: 'acc_alice' },
    });
    expect(wanted?.jobKey).toBe(platform.gateway.keys.get(`${jobId}:1`));
    expect(wanted?.gpus).toHaveLength(1);
    expect(wanted?.spec?.mounts[0]?.revision).toBe('rev_7');
    expect(wanted?.fundedUntil?.getTime()).toBeGreaterThan(Date.now());
    hefei.exit(jobId, 0);
    await platform.until(jobId, ({ phase }) => phase === 'succeeded');
  });

  it('lets shares use one device together, and starts a gang whole', async () => {
    const shares = await Promise.all([platform.submit({ milliGpus: 500 }), platform.submit({ milliGpus: 500 })]);
    const gang = await platform.submit({ milliGpus: 1000, taskCount: 3 });
    const jobs = await Promise.all([...shares, gang].map((id) => platform.until(id, (job) => job.phase === 'running')));
    const [first, second, third] = jobs.map((job) => job.attempts[0]?.tasks.flatMap((task) => task.gpuIds) ?? []);
    expect(first).toEqual(second);
    expect(new Set(third).size).toBe(3);
    expect(third).not.toContain(first?.[0]);
    hefei.run(gang, 1_000);
    for (const id of [...shares, gang]) hefei.exit(id, 0);
    const done = await platform.until(gang, ({ phase }) => phase === 'succeeded');
    expect(done.attempts[0]?.chargedMs).toBe(3_000n);
    await Promise.all(shares.map((id) => platform.until(id, ({ phase }) => phase === 'succeeded')));
    expect((await platform.usageOf(gang)).filter((event) => event.isFinal)).toHaveLength(1);
  });

  it('waits with a reason and a place, and starts behind one that does not fit', async () => {
    const blocker = await platform.submit({ milliGpus: 2000 });
    await platform.until(blocker, (job) => job.phase === 'running');
    const big = await platform.submit({ milliGpus: 2000, taskCount: 2 });
    const waiting = await platform.until(big, (job) => job.reason?.code === 'waiting_for_capacity');
    expect(waiting).toMatchObject({ phase: 'pending', queuePosition: 1, actions: ['cancel'], epoch: 0 });
    expect(waiting.reason?.details).toEqual({ 'cn-hefei': 'gang_does_not_fit', 'cn-shanghai': 'offline' });
    const small = await platform.submit({ milliGpus: 250 });
    await platform.until(small, (job) => job.phase === 'running');
    hefei.exit(blocker, 0);
    hefei.exit(small, 0);
    await platform.until(big, (job) => job.phase === 'running');
    hefei.exit(big, 0);
    await platform.until(big, (job) => job.phase === 'succeeded');
  });

  it('is cancelled at once while it waits, and within its grace while it runs', async () => {
    const token = await platform.tokenOf(alice);
    const waiting = await platform.submit({ regions: ['cn-shanghai'] });
    const { job } = await platform.jobs.cancelJob({ jobId: waiting, requestId: 'c1' }, { token });
    expect(job).toMatchObject({ phase: 'cancelled', actions: [], attempts: [] });
    const running = await platform.submit();
    await platform.until(running, (found) => found.phase === 'running');
    hefei.resist(`${running}:1:0`);
    const stopping = await platform.jobs.cancelJob({ jobId: running, requestId: 'c2' }, { token });
    expect(stopping.job).toMatchObject({ phase: 'stopping', reason: { code: 'cancelled' } });
    hefei.end(running, { phase: 'exited', exitCode: 137, signal: 'SIGKILL', endCause: 'cancelled', runMs: 1_500n });
    const ended = await platform.until(running, (found) => found.phase === 'cancelled');
    expect(ended.attempts[0]).toMatchObject({ phase: 'cancelled', chargedMs: 1_500n });
    const again = await platform.jobs.cancelJob({ jobId: running, requestId: 'c3' }, { token });
    expect(again.job?.version).toBe(ended.version);
  });

  it('reports exit codes and signals of what fails', async () => {
    const jobId = await platform.submit();
    await platform.until(jobId, (job) => job.phase === 'running');
    hefei.end(jobId, { phase: 'exited', exitCode: 139, signal: 'SIGSEGV' });
    const job = await platform.until(jobId, ({ phase }) => phase === 'failed');
    expect(job.reason).toMatchObject({
      code: 'task_failed',
      details: { exit_code: '139', signal: 'SIGSEGV', task: '0' },
    });
    expect(job.attempts[0]?.tasks[0]).toMatchObject({ exitCode: 139, signal: 'SIGSEGV', phase: 'failed' });
  });

  it('answers a repeated request with the same job, and another body with a conflict', async () => {
    const token = await platform.tokenOf(alice);
    const spec = aSpec({ regions: ['cn-shanghai'] });
    const answers = await Promise.all(
      [1, 2, 3].map(() => platform.jobs.createJob({ requestId: 'same', spec }, { token })),
    );
    expect(new Set(answers.map(({ job }) => job?.jobId)).size).toBe(1);
    const other = platform.jobs.createJob({ requestId: 'same', spec: { ...spec, name: 'other' } }, { token });
    await expect(other.catch(readGrpcError)).resolves.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    await platform.jobs.cancelJob({ jobId: answers[0]?.job?.jobId ?? '', requestId: 'c' }, { token });
  });

  it('refuses what is wrong, impossible or not paid for, and stores nothing', async () => {
    const token = await platform.tokenOf(bob);
    expect(await refusalOf({ milliGpus: 1500 }, bob)).toMatchObject({
      reason: 'INVALID_JOB',
      metadata: { field: 'milli_gpus' },
    });
    const impossible = await refusalOf({ milliGpus: 8000 }, bob);
    expect(impossible?.reason).toBe('JOB_IMPOSSIBLE');
    expect(Object.keys(impossible?.metadata ?? {}).toSorted()).toEqual(['cn-hefei', 'cn-shanghai']);
    const missing = { mode: 'in', path: '/data', repositoryId: 'rep_gone', revision: '' };
    expect(await refusalOf({ mounts: [missing] }, bob)).toMatchObject({
      reason: 'INVALID_JOB',
      metadata: { field: 'mounts[0]' },
    });
    platform.billing.wallets.set('acc_bob', 1_000n);
    const poor = await refusalOf({}, bob);
    expect(poor?.reason).toBe('INSUFFICIENT_FUNDS');
    // The first hold: 90 s of runway and warning, 1 s grace, 10 s kill, at 1 micro per GPU-millisecond.
    expect(poor?.metadata.missing_micros).toBe('100000');
    expect((await platform.jobs.listJobs({ page: undefined, phases: [] }, { token })).jobs).toEqual([]);
  });

  it('is not there for another tenant, by any method', async () => {
    const jobId = await platform.submit({ regions: ['cn-shanghai'] });
    const token = await platform.tokenOf(bob);
    const logs = platform.jobs.streamLogs({ jobId, taskIndex: 0, epoch: 0, fromOffset: 0n, follow: true }, { token });
    const watch = platform.jobs.watchJob({ jobId, afterVersion: 0n }, { token });
    const attempts = [
      platform.read(jobId, bob),
      platform.jobs.cancelJob({ jobId, requestId: 'x' }, { token }),
      collect(logs),
      collect(watch),
    ];
    const refusals = await Promise.all(attempts.map((attempt) => attempt.then(() => undefined, readGrpcError)));
    expect(refusals.map((refusal) => refusal?.reason)).toEqual(Array.from({ length: 4 }, () => 'JOB_NOT_FOUND'));
    expect((await platform.read(jobId)).phase).toBe('pending');
    await platform.jobs.cancelJob({ jobId, requestId: 'y' }, { token: await platform.tokenOf(alice) });
  });

  it('is watched from submission to end, each version once', async () => {
    const jobId = await platform.submit();
    const seen = collect(
      platform.jobs.watchJob({ jobId, afterVersion: 0n }, { token: await platform.tokenOf(alice), deadlineMs: 20_000 }),
    );
    await platform.until(jobId, (job) => job.phase === 'running');
    hefei.exit(jobId, 0);
    const jobs = (await seen).map(({ job }) => job);
    expect(jobs.at(-1)?.phase).toBe('succeeded');
    const versions = jobs.map((job) => job?.version ?? 0n);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => Number(a - b)));
  });

  it('lists newest first, page by page, by phase', async () => {
    const tenant = { ...bob, accountId: 'acc_lists' };
    const token = await platform.tokenOf(tenant);
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.push(await platform.submit({ regions: ['cn-shanghai'] }, tenant));
    const collected: string[] = [];
    for (let cursor = '', more = true; more; ) {
      const { jobs, page } = await platform.jobs.listJobs(
        { page: { limit: 2, cursor }, phases: ['pending'] },
        { token },
      );
      collected.push(...jobs.map((job) => job.jobId));
      cursor = page?.nextCursor ?? '';
      more = page?.hasMore ?? false;
    }
    expect(collected.toSorted()).toEqual(ids.toSorted());
    expect(collected).toEqual(collected.toSorted().toReversed());
    const bad = platform.jobs.listJobs({ page: { limit: 2, cursor: '%%%' }, phases: [] }, { token });
    await expect(bad.catch(readGrpcError)).resolves.toMatchObject({ reason: 'INVALID_CURSOR' });
    for (const jobId of ids) await platform.jobs.cancelJob({ jobId, requestId: 'z' }, { token });
  });

  it('is quoted with price, hold and whether it fits, cheapest first', async () => {
    const token = await platform.tokenOf(alice);
    const spec = aSpec({ milliGpus: 2000, graceSeconds: 0 });
    const { options } = await platform.jobs.quoteJob({ spec, expectedSeconds: 100 }, { token });
    expect(
      options.map(({ region, fitsNow, expectedTotalMicros, holdMicros }) => ({
        region,
        fitsNow,
        expectedTotalMicros,
        holdMicros,
      })),
    ).toEqual([
      { region: 'cn-hefei', fitsNow: true, expectedTotalMicros: 200_000n, holdMicros: 200_000n },
      { region: 'cn-shanghai', fitsNow: false, expectedTotalMicros: 400_000n, holdMicros: 400_000n },
    ]);
  });

  it('is submitted under a quote that is valid, and its usage names the quote', async () => {
    const token = await platform.tokenOf(alice);
    const { quote } = await platform.jobs.quoteJob({ spec: aSpec(), expectedSeconds: 0 }, { token });
    expect(quote?.quoteId).toBe('qte_1');
    for (const [quoteId, reason] of [
      ['qte_old', 'QUOTE_EXPIRED'],
      ['qte_nothing', 'QUOTE_NOT_FOUND'],
    ] as const) {
      await expect(platform.submit({ quoteId }).catch(readGrpcError)).resolves.toMatchObject({ reason });
    }
    const jobId = await platform.submit({ quoteId: 'qte_1', regions: ['cn-hefei'] });
    await platform.until(jobId, (job) => job.phase === 'running');
    hefei.run(jobId, 1_000);
    hefei.exit(jobId, 0);
    const done = await platform.until(jobId, (job) => job.phase === 'succeeded');
    expect(done.spec?.quoteId).toBe('qte_1');
    expect(await platform.usageOf(jobId)).toMatchObject([{ quoteId: 'qte_1' }]);
  });

  it('serves the workflow on a tenant’s behalf', async () => {
    const tenant = { ...alice, subAccountId: '' };
    const submitted = await platform.workloads.submitJob({
      tenant,
      requestId: 'wf-1',
      spec: aSpec({ regions: ['cn-shanghai'] }),
    });
    const jobId = submitted.job?.jobId ?? '';
    expect((await platform.workloads.readJob({ tenant, jobId })).job?.phase).toBe('pending');
    const stranger = platform.workloads.readJob({ tenant: { ...tenant, accountId: 'acc_bob' }, jobId });
    await expect(stranger.catch(readGrpcError)).resolves.toMatchObject({ reason: 'JOB_NOT_FOUND' });
    expect((await platform.workloads.stopJob({ tenant, jobId, requestId: 's' })).job?.phase).toBe('cancelled');
  });
});
