import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aLive, aSpec, NOW } from '../../testing/builders.ts';
import { reason } from '../job/reason.ts';
import type { Live } from '../workload/attempt.ts';
import { foldReport, type TaskReport } from './fold-report.ts';
import { clearNotice, notice } from './notice.ts';
import { type AttemptPolicy, fence, settle, stopLive } from './settle.ts';
import type { UsageWindow } from './usage.ts';

const policy: AttemptPolicy = { usageWindowMs: 5_000, requeueBackoffMs: 1_000, maxRequeueBackoffMs: 60_000 };
const LATER = NOW + 60_000;

function aReport(fields: Partial<TaskReport> = {}): TaskReport {
  return {
    workloadId: 'job_1',
    epoch: 1,
    index: 0,
    phase: 'running',
    startedAt: NOW,
    runMs: 0,
    signal: '',
    endCause: '',
    message: '',
    published: {},
    ...fields,
  };
}
const sync = (live: Live, reports: TaskReport[]) => settle(live, foldReport(live, reports, LATER), LATER, policy);
const exited = (fields: Partial<TaskReport> = {}) => aReport({ phase: 'exited', exitCode: 0, runMs: 7_000, ...fields });

describe('what a report makes of a job', () => {
  it('starts when its first task does', () => {
    const live = aLive([{ phase: 'assigned' }], { phase: 'starting' }, { phase: 'starting' });
    const change = sync(live, [aReport({ runMs: 10 })]);
    expect(change.after.workload).toMatchObject({ phase: 'running', startedAt: NOW });
    expect(change.after.attempt).toMatchObject({ phase: 'running', startedAt: NOW });
  });

  it.each<[string, TaskReport, object]>([
    ['exit 0', exited(), { phase: 'succeeded', exitCode: 0, reason: { code: 'completed' } }],
    ['exit 3', exited({ exitCode: 3 }), { phase: 'failed', exitCode: 3, reason: { code: 'task_failed' } }],
    [
      'a failed start',
      aReport({ phase: 'failed_to_start', endCause: 'start_failed' }),
      { phase: 'failed', reason: { code: 'start_failed' } },
    ],
    [
      'a mount that failed',
      exited({ exitCode: 1, endCause: 'mount_failed' }),
      { phase: 'failed', reason: { code: 'mount_failed' } },
    ],
    [
      'memory',
      exited({ exitCode: 137, endCause: 'out_of_memory' }),
      { phase: 'failed', reason: { code: 'out_of_memory' } },
    ],
    [
      'its longest time',
      exited({ exitCode: 143, endCause: 'max_run_time' }),
      { phase: 'failed', reason: { code: 'max_run_time' } },
    ],
    [
      'no money',
      exited({ exitCode: 143, endCause: 'funds_exhausted' }),
      { phase: 'failed', reason: { code: 'funds_exhausted' } },
    ],
    ['a lease that ended', exited({ exitCode: 137, endCause: 'lease_lost' }), { phase: 'pending', requeues: 1 }],
    [
      'a stop that nobody asked for',
      exited({ exitCode: 143, endCause: 'cancelled' }),
      { phase: 'pending', requeues: 1 },
    ],
  ])('ends by %s', (_story, report, want) => {
    const { after, isAttemptOver } = sync(aLive(), [report]);
    expect(after.workload).toMatchObject(want);
    expect(isAttemptOver).toBe(true);
    expect(after.attempt.jobKey).toBeUndefined();
  });

  it('charges and shows the same milliseconds', () => {
    const { after, usage } = sync(aLive([{ chargedMs: 5_000, runMs: 6_000 }]), [exited({ runMs: 12_345 })]);
    const [task] = after.tasks;
    expect((task?.finishedAt ?? 0) - (task?.startedAt ?? 0)).toBe(12_345);
    expect(task?.chargedMs).toBe(12_345);
    expect(usage).toEqual<UsageWindow[]>([
      {
        usageId: 'job_1:1:0:5000-12345',
        taskIndex: 0,
        fromMs: 5_000,
        toMs: 12_345,
        meter: 'gpu_time',
        quantity: 7_345_000n,
        isFinal: true,
      },
    ]);
  });

  it('ignores another epoch, and takes a task that was seen and is not told of any more for lost', () => {
    const live = aLive([{ runMs: 3_000 }]);
    const { after } = sync(live, [exited({ epoch: 2 })]);
    expect(after.tasks[0]).toMatchObject({ phase: 'lost', finishedAt: NOW + 3_000, chargedMs: 3_000 });
    expect(after.workload).toMatchObject({
      phase: 'pending',
      requeues: 1,
      reason: { code: 'requeued' },
      eligibleAt: LATER + 1_000,
    });
  });

  it('waits for a task that was never seen, unless it is being stopped', () => {
    const live = aLive([{ phase: 'assigned' }], { phase: 'starting' }, { phase: 'starting' });
    expect(sync(live, []).after).toEqual(live);
    const stopped = stopLive(live, { cause: 'cancelled', reason: reason('cancelled') }, NOW);
    expect(sync(stopped, []).after.workload.phase).toBe('cancelled');
  });

  it('stops a gang when one of its tasks fails, and blames that one', () => {
    const live = aLive([{}, {}]);
    const { after, isAttemptOver } = sync(live, [exited({ exitCode: 9 }), aReport({ index: 1, runMs: 100 })]);
    expect(isAttemptOver).toBe(false);
    expect(after.workload).toMatchObject({ phase: 'stopping', stopCause: 'task_failed' });
    const end = sync(after, [exited({ index: 1, exitCode: 143, endCause: 'cancelled' })]).after;
    expect(end.workload).toMatchObject({
      phase: 'failed',
      exitCode: 9,
      reason: { code: 'task_failed', details: { task: '0' } },
    });
  });

  it('requeues a gang whole when one of its tasks is lost', () => {
    const { after } = sync(aLive([{}, {}]), [aReport({ index: 1, runMs: 100 })]);
    expect(after.workload).toMatchObject({ phase: 'stopping', stopCause: 'task_lost' });
    const end = sync(after, [exited({ index: 1, exitCode: 143, endCause: 'cancelled' })]).after;
    expect(end.workload).toMatchObject({ phase: 'pending', requeues: 1 });
    expect(end.workload.stopCause).toBeUndefined();
  });

  it('fails when it was lost too often', () => {
    const live = aLive([{ runMs: 1 }], { requeues: 1, spec: aSpec({ maxRequeues: 1 }) });
    expect(sync(live, []).after.workload).toMatchObject({ phase: 'failed', reason: { code: 'agent_lost' } });
  });

  it('stays cancelled although a task fails or is lost while it stops', () => {
    const live = stopLive(aLive([{}, {}]), { cause: 'cancelled', reason: reason('cancelled') }, NOW);
    expect(sync(live, [exited({ exitCode: 1 })]).after.workload.phase).toBe('cancelled');
  });

  it('raises the version whenever a task moves, and never by run time alone', () => {
    const live = aLive([{ phase: 'preparing' }], { phase: 'running' });
    expect(sync(live, [aReport({ runMs: 10 })]).after.workload.version).toBe(live.workload.version + 1n);
    const running = aLive([{ runMs: 10 }], {}, { startedAt: NOW });
    expect(sync(running, [aReport({ runMs: 20 })]).after.workload.version).toBe(running.workload.version);
  });
});

describe('a fence', () => {
  it('charges what was proven and no more, and requeues', () => {
    const live = aLive([{ runMs: 4_200 }]);
    const { after, usage } = settle(live, fence(live, NOW + 4_500, LATER), LATER, policy);
    expect(usage.map((window) => window.toMs)).toEqual([4_200]);
    expect(after.attempt).toMatchObject({ phase: 'lost', fencedAt: NOW + 4_500, finishedAt: NOW + 4_200 });
    expect(after.workload.phase).toBe('pending');
  });
});

describe('a loss before the start', () => {
  it('uses up no requeue', () => {
    const live = aLive(
      [{ phase: 'assigned' }],
      { phase: 'starting', spec: aSpec({ maxRequeues: 0 }) },
      { phase: 'starting' },
    );
    const { after, usage } = settle(live, fence(live, NOW, LATER), LATER, policy);
    expect(after.workload).toMatchObject({ phase: 'pending', requeues: 0 });
    expect(usage).toEqual([]);
  });
});

describe('usage', () => {
  it('adds up to the run time however it was reported', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        let live = aLive([{}, {}]);
        const charged: UsageWindow[] = [];
        for (let at = 0; at < Math.max(first.length, second.length); at++) {
          const change = sync(live, [
            aReport({ runMs: first[at] ?? 0 }),
            aReport({ index: 1, runMs: second[at] ?? 0 }),
          ]);
          charged.push(...change.usage);
          live = change.after;
        }
        const end = sync(live, [exited({ runMs: 25_000 }), exited({ index: 1, runMs: 26_000 })]);
        charged.push(...end.usage);
        expect(charged.reduce((sum, window) => sum + window.quantity, 0n)).toBe(51_000_000n);
        expect(new Set(charged.map((window) => window.usageId)).size).toBe(charged.length);
        expect(charged.filter((window) => window.isFinal)).toEqual(charged.slice(-1));
        expect(end.after.attempt.lastUsageId).toBe(charged.at(-1)?.usageId);
      }),
    );
  });
});

describe('notices', () => {
  it('are told once and taken back', () => {
    const live = aLive();
    const told = notice(live, 'cluster_unreachable', { cluster: 'north-1' });
    expect(told.workload.version).toBe(live.workload.version + 1n);
    expect(notice(told, 'cluster_unreachable', { cluster: 'north-1' })).toBe(told);
    expect(clearNotice(told, 'cluster_unreachable').workload.reason.code).toBe('started');
    expect(clearNotice(live, 'cluster_unreachable')).toBe(live);
  });
});
