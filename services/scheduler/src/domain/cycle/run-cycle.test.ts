import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { A_PRICE, aCluster, aNodeSpace, aPending, aSnapshot, aSpec, NOW } from '../../testing/builders.ts';
import { bestFit } from '../placement/best-fit.ts';
import { orderByFairShare } from './order.ts';
import { type CyclePolicy, runCycle } from './run-cycle.ts';
import type { PendingWorkload } from './snapshot.ts';

const policy: CyclePolicy = { strategy: bestFit, starvationMs: 600_000, maxAdmissions: 64 };
const job = (id: string, spec: Parameters<typeof aSpec>[0], fields: Partial<PendingWorkload> = {}) =>
  aPending({ id, spec: aSpec(spec), ...fields });
const admitted = (pending: PendingWorkload[], fields: Parameters<typeof aSnapshot>[0] = {}) =>
  runCycle(aSnapshot({ pending, ...fields }), policy).admissions.map((admission) => admission.workloadId);

describe('runCycle', () => {
  it('starts what fits behind a job that does not', () => {
    expect(admitted([job('job_a', { milliGpus: 4000, taskCount: 2 }), job('job_b', { milliGpus: 1000 })])).toEqual([
      'job_b',
    ]);
  });

  it('keeps later jobs off the cluster that suits one that has starved', () => {
    const starved = job('job_a', { milliGpus: 4000 }, { createdAt: NOW - policy.starvationMs });
    const clusters = [aCluster([aNodeSpace({ gpuMillis: [1000, 1000, 1000, 500] })])];
    const result = runCycle(aSnapshot({ clusters, pending: [starved, job('job_b', {})] }), policy);
    expect(result.admissions).toEqual([]);
    expect(result.waiting[1]?.reason.details).toEqual({ 'north-1': 'kept_for_older_job' });
  });

  it('keeps nothing for a starved job that its cluster could never hold', () => {
    const starved = job('job_a', { milliGpus: 8000 }, { createdAt: NOW - policy.starvationMs });
    expect(admitted([starved, job('job_b', {})])).toEqual(['job_b']);
  });

  it('sees capacity that it took earlier in the same pass', () => {
    const pending = ['a', 'b', 'c', 'd', 'e'].map((name) => job(`job_${name}`, { milliGpus: 1000 }));
    expect(admitted(pending)).toEqual(['job_a', 'job_b', 'job_c', 'job_d']);
  });

  it('takes the cheaper region first, the other when it is full', () => {
    const cluster = (name: string) =>
      aCluster([aNodeSpace({ clusterId: name, gpuMillis: [1000] })], { clusterId: name, region: name });
    const priceOf = (region: string) => ({ ...A_PRICE, amountMicros: region === 'south' ? 1n : 2n });
    const pending = ['a', 'b', 'c'].map((name) => job(`job_${name}`, {}));
    const { admissions, waiting } = runCycle(
      aSnapshot({ clusters: [cluster('north'), cluster('south')], pending, priceOf }),
      policy,
    );
    expect(admissions.map(({ region }) => region)).toEqual(['south', 'north']);
    expect(waiting[0]?.reason).toMatchObject({
      code: 'waiting_for_capacity',
      details: { north: 'gpus_busy', south: 'gpus_busy' },
    });
  });

  it.each([
    ['waiting_for_cluster', {}, { isOnline: false }, [1000], { 'north-1': 'offline' }],
    ['requested_skus_busy', { skus: ['gpu.big'] }, {}, [500], { 'north-1': 'gpus_busy' }],
    ['waiting_for_capacity', { milliCpus: 16_001 }, {}, [1000], { 'north-1': 'cpus_busy' }],
    ['waiting_for_capacity', { taskCount: 2 }, {}, [1000], { 'north-1': 'gang_does_not_fit' }],
  ] as const)('says %s', (code, spec, cluster, gpuMillis, details) => {
    const clusters = [aCluster([aNodeSpace({ gpuMillis })], cluster)];
    const result = runCycle(aSnapshot({ clusters, pending: [job('job_a', spec)] }), policy);
    expect(result.waiting[0]).toMatchObject({ reason: { code, details }, queuePosition: 1 });
  });

  it('leaves a job in back-off alone, with the reason it has', () => {
    const waiting = job('job_a', {}, { eligibleAt: NOW + 1 });
    expect(runCycle(aSnapshot({ pending: [waiting] }), policy)).toEqual({
      admissions: [],
      waiting: [{ workloadId: 'job_a', reason: waiting.reason, queuePosition: 1 }],
    });
  });

  it('never takes more than there is, whatever is in the queue', () => {
    const arbitraryJob = fc.record({
      milliGpus: fc.constantFrom(0, 250, 500, 1000, 2000),
      taskCount: fc.integer({ min: 1, max: 4 }),
      milliCpus: fc.integer({ min: 1, max: 6_000 }),
    });
    fc.assert(
      fc.property(fc.array(arbitraryJob, { maxLength: 20 }), (specs) => {
        const clusters = [aCluster([aNodeSpace(), aNodeSpace({ nodeId: 'n2', gpuMillis: [1000, 1000] })])];
        const pending = specs.map((spec, at) => job(`job_${at}`, spec, { accountId: `acc_${at % 3}` }));
        const { admissions, waiting } = runCycle(aSnapshot({ clusters, pending }), policy);
        expect(admissions.length + waiting.length).toBe(specs.length);
        const perGpu = new Map<string, number>();
        for (const share of admissions.flatMap((one) => one.tasks).flatMap((task) => task.gpus)) {
          perGpu.set(share.gpuId, (perGpu.get(share.gpuId) ?? 0) + share.milliGpus);
        }
        expect([...perGpu.values()].every((milli) => milli <= 1000)).toBe(true);
        for (const { workloadId, tasks } of admissions) {
          expect(tasks).toHaveLength(pending.find(({ id }) => id === workloadId)?.spec.taskCount ?? -1);
        }
      }),
    );
  });
});

describe('orderByFairShare', () => {
  const ids = (pending: PendingWorkload[], use: [string, number][] = []) =>
    orderByFairShare(pending, new Map(use)).map(({ id }) => id);

  it('goes by priority, then age, within an account', () => {
    const pending = [
      job('job_old', {}, { createdAt: NOW - 10 }),
      job('job_new', {}),
      job('job_urgent', { priority: 5 }),
    ];
    expect(ids(pending)).toEqual(['job_urgent', 'job_old', 'job_new']);
  });

  it('gives an account with a hundred jobs no more turns than one with two', () => {
    const many = Array.from({ length: 100 }, (_, at) =>
      job(`job_m${at}`, {}, { accountId: 'acc_many', createdAt: NOW - 1000 }),
    );
    const few = ['job_f0', 'job_f1'].map((id) => job(id, {}, { accountId: 'acc_few' }));
    expect(
      ids([...many, ...few])
        .slice(0, 4)
        .filter((id) => id.startsWith('job_f')),
    ).toHaveLength(2);
  });

  it('lets the account go first that used less lately, whatever its priority says', () => {
    const pending = [job('job_a', { priority: 100 }, { accountId: 'acc_a' }), job('job_b', {}, { accountId: 'acc_b' })];
    expect(ids(pending, [['acc_a', 1_000_000]])).toEqual(['job_b', 'job_a']);
  });
});
