import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@suanli/kernel';
import { ensureBubblewrap } from '@suanli/local-servers';
import { eventually, silentLogger } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseTasksRoot, reachableProgram } from '../../src/agent/adapters/process/host.ts';
import { createProcessDriver } from '../../src/agent/adapters/process/process-driver.ts';
import type { Driver, RunningTask, TaskDirs } from '../../src/agent/app/ports.ts';
import { type DesiredTask, taskKey, type TaskSpec } from '../../src/agent/domain/task.ts';

const isRoot = process.getuid?.() === 0;
let directory: string;
let tasksRoot: string;
let driver: Driver;
const gateway = createServer((request, reply) =>
  reply.end(`you asked for ${request.url} as ${request.headers.authorization}`),
);

beforeAll(async () => {
  directory = await mkdtemp('/tmp/agt-');
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  tasksRoot = await chooseTasksRoot(directory, isRoot);
  driver = await makeDriver({ sandboxed: true });
});

afterAll(async () => {
  gateway.close();
  await rm(directory, { recursive: true, force: true });
  await rm(tasksRoot, { recursive: true, force: true });
});

async function makeDriver({ sandboxed, trusted = [] }: { sandboxed: boolean; trusted?: string[] }): Promise<Driver> {
  return createProcessDriver({
    clusterId: 'cn-test',
    tasksRoot,
    gatewayUrl: new URL(`http://127.0.0.1:${(gateway.address() as AddressInfo).port}`),
    bubblewrap: sandboxed ? await reachableProgram(await ensureBubblewrap(), tasksRoot, isRoot) : undefined,
    nodeBinary: await reachableProgram(process.execPath, tasksRoot, isRoot),
    trustedTenants: trusted,
    isRoot,
    clock: systemClock,
    logger: silentLogger,
  });
}

let nextJob = 0;
function aTask(command: string[], over: Partial<TaskSpec> = {}): DesiredTask {
  const id = { jobId: `job_${++nextJob}`, epoch: 1, index: 0 };
  const spec: TaskSpec = {
    ...{
      command,
      env: {},
      workingDir: '',
      taskCount: 1,
      milliCpus: 1000,
      memoryBytes: 512 * 1024 ** 2,
      maxRunMs: 60_000,
      graceMs: 5_000,
    },
    ...{
      mounts: [],
      disconnectGraceMs: 0,
      accountId: 'acc_stranger',
      region: 'cn-test',
      jobKey: 'sjk_secret',
      gpuDevices: [2, 3],
    },
    ...over,
  };
  return {
    key: taskKey(id),
    ...id,
    desired: 'run',
    stopCause: 'cancelled',
    fundedUntil: Number.MAX_SAFE_INTEGER,
    spec,
  };
}

async function launch(
  task: DesiredTask,
  by = driver,
): Promise<{ running: RunningTask; dirs: TaskDirs; log: () => Promise<string> }> {
  const dirs = await by.prepare(task);
  const running = await by.start(task, dirs);
  return { running, dirs, log: () => readFile(dirs.log, 'utf8') };
}

async function runNode(program: string, over: Partial<TaskSpec> = {}): Promise<string> {
  const { running, log } = await launch(aTask(['node', '-e', program], over));
  await running.exited;
  return log();
}

describe('a task of a stranger', () => {
  it('sees its own environment and nothing of the agent’s', async () => {
    process.env['SUANLI_TEST_PASSWORD'] = 'not for tenants';
    const seen = JSON.parse(
      await runNode('console.log(JSON.stringify(process.env))', { env: { MINE: '1', SUANLI_JOB_ID: 'forged' } }),
    );
    delete process.env['SUANLI_TEST_PASSWORD'];
    expect(seen).toMatchObject({
      MINE: '1',
      CUDA_VISIBLE_DEVICES: '2,3',
      SUANLI_API_KEY: 'sjk_secret',
      SUANLI_TASK_INDEX: '0',
    });
    expect(seen.SUANLI_JOB_ID).not.toBe('forged');
    expect(Object.keys(seen).filter((name) => /PASSWORD|DATABASE|NATS/.test(name))).toEqual([]);
  });

  it('finds neither the platform’s files nor other processes', async () => {
    const places = [
      process.cwd(),
      '/root',
      '/home',
      '/etc/shadow',
      '/var',
      directory,
      tasksRoot,
      `/proc/1/root${process.cwd()}`,
      process.execPath,
    ];
    const program = `const fs = require('fs');
      const found = ${JSON.stringify(places)}.filter((place) => fs.existsSync(place) && !place.startsWith('/opt/node'));
      const pids = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
      const env = pids.map((pid) => { try { return fs.readFileSync('/proc/' + pid + '/environ', 'utf8'); } catch { return ''; } }).join();
      console.log(JSON.stringify({ found, pids: pids.length, leaks: /PASSWORD|DATABASE_URL/.test(env), uid: process.getuid() }));`;
    const seen = JSON.parse(await runNode(program));
    expect(seen).toEqual({ found: [], pids: expect.any(Number), leaks: false, uid: 1000 });
    expect(seen.pids).toBeLessThanOrEqual(3);
  });

  it('can write nowhere but to its own directories', async () => {
    const program = `const fs = require('fs');
      const can = (dir) => { try { fs.writeFileSync(dir + '/x', 'x'); return true; } catch { return false; } };
      console.log(JSON.stringify(['/', '/usr', '/etc', '/dev', '/opt', '/work', '/tmp', '/dev/shm'].filter(can)));`;
    expect(JSON.parse(await runNode(program))).toEqual(['/work', '/tmp', '/dev/shm']);
  });

  it('has no network, not even the machine’s own loopback', async () => {
    const { port } = gateway.address() as AddressInfo;
    const program = `require('net').connect(${port}, '127.0.0.1').on('connect', () => console.log('in')).on('error', (e) => console.log(e.code));`;
    expect((await runNode(program)).trim()).toMatch(/ECONNREFUSED|ENETUNREACH/);
  });

  it('reaches the platform through its socket, with its own key', async () => {
    const program = `require('http').get({ socketPath: process.env.SUANLI_API_SOCKET, path: '/v1/me',
      headers: { authorization: 'Bearer ' + process.env.SUANLI_API_KEY } }, (r) => r.pipe(process.stdout));`;
    expect(await runNode(program)).toBe('you asked for /v1/me as Bearer sjk_secret');
  });

  it.runIf(isRoot)('runs as a user of its own, which is not root', async () => {
    const { running, dirs } = await launch(aTask(['sleep', '30']));
    const mark = await eventually(async () => JSON.parse(await readFile(join(dirs.root, 'process.json'), 'utf8')));
    const uid = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${mark.childPid}/status`, 'utf8'))?.[1];
    expect(Number(uid)).toBeGreaterThanOrEqual(200_000);
    running.kill('cancelled');
    await running.exited;
  });

  it('is refused where it cannot be isolated, unless its tenant is trusted', async () => {
    const bare = await makeDriver({ sandboxed: false, trusted: ['acc_friend'] });
    expect(bare.isolation).toBe('none');
    expect(bare.refuses(aTask(['true']))).toMatch(/cannot be isolated/);
    expect(bare.refuses(aTask(['true'], { accountId: 'acc_friend' }))).toBeUndefined();
  });
});

describe('the end of a task', () => {
  it('carries exit code and output in the order in which it came', async () => {
    const { running, log } = await launch(aTask(['sh', '-c', 'echo one; echo two >&2; echo three; exit 7']));
    expect(await running.exited).toEqual({ exitCode: 7, signal: '' });
    expect(await log()).toBe('one\ntwo\nthree\n');
  });

  it('names the signal', async () => {
    const { running } = await launch(aTask(['sh', '-c', 'kill -SEGV $$']));
    expect(await running.exited).toMatchObject({ exitCode: 139, signal: 'SIGSEGV' });
  });

  it('comes by SIGTERM first, which the task may heed', async () => {
    const { running, log } = await launch(
      aTask(['sh', '-c', 'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done']),
    );
    await eventually(async () => expect(await log()).toContain('up'));
    running.terminate();
    expect(await running.exited).toMatchObject({ exitCode: 3 });
    expect(await log()).toContain('bye');
  });

  it('takes every process of the task with it', async () => {
    const { running, log } = await launch(aTask(['sh', '-c', 'sleep 1000 & setsid sleep 1001 & echo up; wait']));
    await eventually(async () => expect(await log()).toContain('up'));
    running.kill('cancelled');
    expect(await running.exited).toMatchObject({ signal: 'SIGKILL', cause: 'cancelled' });
    await eventually(async () => expect(await commandLines()).not.toMatch(/sleep 100[01]/));
  });

  it('comes when it takes more memory than it asked for', async () => {
    const hog = 'const keep = []; setInterval(() => keep.push(Buffer.alloc(20e6, 1)), 20);';
    const { running } = await launch(aTask(['node', '-e', hog], { memoryBytes: 200 * 1024 ** 2 }));
    expect(await running.exited).toMatchObject({ cause: 'out_of_memory' });
  });

  it('comes when it starts processes without end', async () => {
    const { running } = await launch(
      aTask(['sh', '-c', 'i=0; while [ $i -lt 400 ]; do sleep 60 & i=$((i+1)); done; wait']),
    );
    expect(await running.exited).toMatchObject({ cause: 'too_many_processes' });
  });

  it('is brought about by a new instance for what an older one left running', async () => {
    const bare = await makeDriver({ sandboxed: false, trusted: ['*'] });
    const { running } = await launch(aTask(['sleep', '777']), bare);
    expect(await (await makeDriver({ sandboxed: true })).reclaimOrphans()).toBe(1);
    expect(await running.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});

async function commandLines(): Promise<string> {
  const { readdir } = await import('node:fs/promises');
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n').replaceAll('\0', ' ');
}
