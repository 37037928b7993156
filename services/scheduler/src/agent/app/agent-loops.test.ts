import { silentLogger, SimClock } from '@suanli/test-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { type DesiredTask, taskKey } from '../domain/task.ts';
import { type ScriptedDriver, scriptedDriver } from '../testing/scripted-driver.ts';
import { type ScriptedUplink, scriptedUplink } from '../testing/scripted-uplink.ts';
import type { HubFiles } from './ports.ts';
import { shipLogs } from './ship-logs.ts';
import { createSyncLoop } from './sync-loop.ts';
import { createTaskRunner } from './task-runner.ts';

const terms = { leaseMs: 10_000, marginMs: 2_000 };
const KEY = 'job_a/1/0';
let stop: AbortController;
afterEach(() => stop.abort());

function aTask(over: Partial<DesiredTask> = {}, spec: Partial<DesiredTask['spec']> = {}): DesiredTask {
  const id = { jobId: 'job_a', epoch: 1, index: 0 };
  return {
    key: taskKey(id),
    ...id,
    desired: 'run',
    stopCause: 'cancelled',
    fundedUntil: Number.MAX_SAFE_INTEGER,
    spec: {
      ...{
        command: ['true'],
        env: {},
        workingDir: '',
        taskCount: 1,
        milliCpus: 1,
        memoryBytes: 1,
        maxRunMs: 3_600_000,
        graceMs: 5_000,
      },
      ...{ mounts: [], disconnectGraceMs: 0, accountId: 'acc', region: 'r', jobKey: 'k', gpuDevices: [] },
      ...spec,
    },
    ...over,
  };
}

/** The agent's three loops on a clock that the test moves. */
function startAgent(driver: ScriptedDriver, uplink: ScriptedUplink, hub: Partial<HubFiles> = {}) {
  const clock = new SimClock();
  stop = new AbortController();
  const files: HubFiles = { download: async () => undefined, publish: async () => 'rev1', ...hub };
  const onChange = () => conversation.wake();
  const runner = createTaskRunner({ driver, hub: files, clock, logger: silentLogger, onChange });
  const conversation = createSyncLoop({ uplink, runner, clock, logger: silentLogger });
  void conversation.sync(stop.signal);
  void conversation.watch(stop.signal);
  void shipLogs({ uplink, driver, runner, clock, logger: silentLogger, onChange }, stop.signal);
  const report = () => uplink.reports.at(-1)?.find((task) => task.jobId === 'job_a');
  return { clock, report };
}

describe('the agent', () => {
  it('starts what is wanted once, and reports its run time and end', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(5_000);
    expect(driver.started).toEqual([KEY]);
    expect(report()).toMatchObject({ phase: 'running' });
    driver.exit(KEY, 3);
    await clock.advance(1_000);
    const ended = report();
    expect(ended).toMatchObject({ phase: 'exited', exitCode: 3, endCause: '' });
    await clock.advance(5_000);
    expect(report()).toEqual(ended);
  });

  it('forgets an ended task when it is no longer wanted, and removes its files', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(2_000);
    driver.exit(KEY, 0);
    await clock.advance(2_000);
    uplink.desired = [];
    await clock.advance(3_000);
    expect(report()).toBeUndefined();
    expect(driver.cleaned).toEqual([KEY]);
  });

  it('kills its tasks before the scheduler may fence them when it is cut off', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(3_000);
    uplink.isCut = true;
    await clock.advance(terms.leaseMs - terms.marginMs + 200);
    expect(driver.killed.get(KEY)).toBe('lease_lost');
    uplink.isCut = false;
    await clock.advance(2_000);
    expect(report()).toMatchObject({ endCause: 'lease_lost' });
  });

  it('lets a task that may go on alone go on', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock } = startAgent(driver, uplink);
    uplink.desired = [aTask({}, { disconnectGraceMs: 60_000 })];
    await clock.advance(3_000);
    uplink.isCut = true;
    await clock.advance(50_000);
    expect(driver.killed.size).toBe(0);
    await clock.advance(15_000);
    expect(driver.killed.get(KEY)).toBe('lease_lost');
  });

  it('stops a task whose money has run out, even when it is cut off', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink({ leaseMs: 600_000, marginMs: 1_000 })];
    const { clock } = startAgent(driver, uplink);
    uplink.desired = [aTask({ fundedUntil: clock.now() + 10_000 })];
    await clock.advance(2_000);
    uplink.isCut = true;
    await clock.advance(8_200);
    expect(driver.terminated).toEqual([KEY]);
    await clock.advance(5_200);
    expect(driver.killed.get(KEY)).toBe('funds_exhausted');
  });

  it('gives a cancelled task its grace, then kills it', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(2_000);
    uplink.desired = [aTask({ desired: 'stop' })];
    await clock.advance(2_000);
    expect(driver.terminated).toEqual([KEY]);
    expect(driver.killed.size).toBe(0);
    await clock.advance(6_000);
    expect(report()).toMatchObject({ phase: 'exited', endCause: 'cancelled', signal: 'SIGKILL' });
  });

  it('reports why a task could not be started', async () => {
    const [driver, uplink] = [scriptedDriver({ failsToStart: 'no such program' }), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(2_000);
    expect(report()).toMatchObject({ phase: 'failed_to_start', endCause: 'start_failed', message: 'no such program' });
  });

  it('reports a task’s run time as final although its outputs are still being published', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    let publish: (revision: string) => void = () => undefined;
    const published = new Promise<string>((resolve) => (publish = resolve));
    const { clock, report } = startAgent(driver, uplink, { publish: () => published });
    uplink.desired = [aTask({}, { mounts: [{ mode: 'out', path: '/out', repositoryId: 'rep_1', revision: '' }] })];
    await clock.advance(2_000);
    driver.exit(KEY, 0);
    await clock.advance(3_000);
    const runMs = report()?.runMs;
    await clock.advance(10_000);
    expect(report()).toMatchObject({ phase: 'publishing', runMs });
    publish('rev9');
    await clock.advance(2_000);
    expect(report()).toMatchObject({ phase: 'exited', runMs, published: { '/out': 'rev9' } });
  });
});

describe('logs', () => {
  it('arrive whole and once, whatever answers are lost', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(2_000);
    uplink.lostAnswers = 3;
    for (const line of ['one\n', 'two\n', '三\n']) {
      driver.write(KEY, line);
      await clock.advance(700);
    }
    await clock.advance(5_000);
    expect(uplink.logs.get(KEY)).toBe('one\ntwo\n三\n');
  });

  it('are complete before the end of a task is told', async () => {
    const [driver, uplink] = [scriptedDriver(), scriptedUplink(terms)];
    const { clock, report } = startAgent(driver, uplink);
    uplink.desired = [aTask()];
    await clock.advance(2_000);
    driver.write(KEY, 'x'.repeat(200_000));
    driver.exit(KEY, 0);
    let wasToldEarly = false;
    for (let i = 0; i < 40 && report()?.phase !== 'exited'; i++) {
      await clock.advance(100);
      wasToldEarly ||= report()?.phase === 'exited' && uplink.logs.get(KEY)?.length !== 200_000;
    }
    expect(report()?.phase).toBe('exited');
    expect(wasToldEarly).toBe(false);
  });
});
