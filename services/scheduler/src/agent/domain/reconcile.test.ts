import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enforce, type Lease, reconcile } from './reconcile.ts';
import { type DesiredTask, isAlive, type LocalTask, taskKey } from './task.ts';

const spec: DesiredTask['spec'] = {
  command: ['true'],
  env: {},
  workingDir: '',
  taskCount: 1,
  milliCpus: 1000,
  memoryBytes: 1,
  maxRunMs: 60_000,
  graceMs: 5_000,
  mounts: [],
  disconnectGraceMs: 0,
  accountId: 'acc_a',
  region: 'r',
  jobKey: '',
  gpuDevices: [],
};

function desired(jobId: string, over: Partial<DesiredTask> = {}): DesiredTask {
  const id = { jobId, epoch: 1, index: 0 };
  return { key: taskKey(id), ...id, desired: 'run', stopCause: 'cancelled', fundedUntil: 100_000, spec, ...over };
}

function local(jobId: string, over: Partial<LocalTask> = {}): LocalTask {
  const key = taskKey({ jobId, epoch: 1, index: 0 });
  return {
    key,
    phase: 'running',
    fundedUntil: 100_000,
    maxRunMs: 60_000,
    graceMs: 5_000,
    disconnectGraceMs: 0,
    startedMonoMs: 0,
    ...over,
  };
}

const byKey = (...tasks: LocalTask[]) => new Map(tasks.map((task) => [task.key, task]));
const lease: Lease = { renewedMonoMs: 0, leaseMs: 10_000, marginMs: 2_000 };

describe('reconcile', () => {
  it.each([
    ['a wanted task that is not here is started', byKey(), [desired('a')], ['start']],
    ['a task that is here and wanted is left alone', byKey(local('a')), [desired('a')], []],
    ['a task of a fenced attempt is killed without grace', byKey(local('a')), [], ['kill']],
    [
      'an ended task is kept until the scheduler has recorded its end',
      byKey(local('a', { phase: 'exited' })),
      [desired('a')],
      [],
    ],
    ['an ended task that is no longer wanted is forgotten', byKey(local('a', { phase: 'exited' })), [], ['forget']],
    ['a cancelled task is stopped', byKey(local('a')), [desired('a', { desired: 'stop' })], ['stop']],
    [
      'a task that is stopping already is not stopped again',
      byKey(local('a', { stopping: { cause: 'cancelled', sinceMonoMs: 0, isKilled: false } })),
      [desired('a', { desired: 'stop' })],
      [],
    ],
    ['a task that was never here is not started to be stopped', byKey(), [desired('a', { desired: 'stop' })], []],
    ['new money is taken note of', byKey(local('a')), [desired('a', { fundedUntil: 200_000 })], ['fund']],
  ])('%s', (_story, here, want, kinds) => {
    expect(reconcile(here, want).map((action) => action.kind)).toEqual(kinds);
  });

  it('starts no task twice and stops none that it does not have, whatever the lists', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    fc.assert(
      fc.property(names, names, (hereNames, wantNames) => {
        const here = byKey(...hereNames.map((name) => local(name)));
        const actions = reconcile(
          here,
          wantNames.map((name) => desired(name)),
        );
        const started = actions.flatMap((action) => (action.kind === 'start' ? [action.task.key] : []));
        const touched = actions.flatMap((action) => (action.kind === 'start' ? [] : [action.key]));
        expect(started.filter((key) => here.has(key))).toEqual([]);
        expect(touched.filter((key) => !here.has(key))).toEqual([]);
      }),
    );
  });
});

describe('enforce', () => {
  it.each([
    ['a task with lease, money and time goes on', local('a'), { monoMs: 1_000, wall: 1_000 }, []],
    ['a task dies before the scheduler may fence it', local('a'), { monoMs: 8_000, wall: 8_000 }, ['kill']],
    [
      'a task that may go on alone does',
      local('a', { disconnectGraceMs: 30_000 }),
      { monoMs: 29_000, wall: 29_000 },
      [],
    ],
    [
      'a task that may go on alone ends with that time',
      local('a', { disconnectGraceMs: 30_000 }),
      { monoMs: 30_000, wall: 30_000 },
      ['kill'],
    ],
    ['a task without money is stopped', local('a', { fundedUntil: 5_000 }), { monoMs: 5_000, wall: 5_000 }, ['stop']],
    ['a task past its time is stopped', local('a', { maxRunMs: 3_000 }), { monoMs: 3_000, wall: 3_000 }, ['stop']],
    [
      'a task that did not heed SIGTERM is killed after its grace',
      local('a', { stopping: { cause: 'cancelled', sinceMonoMs: 1_000, isKilled: false } }),
      { monoMs: 6_000, wall: 6_000 },
      ['kill'],
    ],
    [
      'a killed task is not killed again',
      local('a', { stopping: { cause: 'cancelled', sinceMonoMs: 1_000, isKilled: true } }),
      { monoMs: 7_000, wall: 7_000 },
      [],
    ],
  ])('%s', (_story, task, now, kinds) => {
    expect(enforce([task], lease, now).map((action) => action.kind)).toEqual(kinds);
  });

  it('kills all that is alive when there never was a lease', () => {
    const actions = enforce([local('a')], { ...lease, renewedMonoMs: undefined }, { monoMs: 0, wall: 0 });
    expect(actions).toEqual([{ kind: 'kill', key: 'a/1/0', cause: 'lease_lost' }]);
  });

  it('leaves nothing alive at leaseMs - marginMs, for any task without a grace of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 60_000 }), (leaseMs, marginMs) => {
        const silentMs = Math.max(leaseMs - marginMs, 0);
        const task = local('a');
        const actions = enforce([task], { renewedMonoMs: 0, leaseMs, marginMs }, { monoMs: silentMs, wall: 0 });
        expect(isAlive(task)).toBe(true);
        expect(actions).toEqual([{ kind: 'kill', key: task.key, cause: 'lease_lost' }]);
      }),
    );
  });
});
