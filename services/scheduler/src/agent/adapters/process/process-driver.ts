import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@suanli/kernel';
import type { Driver, RunningTask, TaskDirs } from '../../app/ports.ts';
import { type DesiredTask, taskKey } from '../../domain/task.ts';
import { openApiSocket } from './api-socket.ts';
import { readStartTicks } from './proc.ts';
import { refuseMountPath, sandboxArguments, taskEnvironment } from './sandbox.ts';
import { sendSignal, type SpawnedTask, spawnTask } from './spawn-task.ts';
import { makeTaskDirs, readMarks, taskDirectory, writeMark } from './task-files.ts';
import { createTaskUsers } from './task-users.ts';
import { watchTask } from './watchdog.ts';

const DEFAULT_MEMORY_BYTES = 1024 ** 3;
const MAX_DISK_BYTES = 2 * 1024 ** 3;
const MAX_PROCESSES = 256;

export type ProcessDriverOptions = {
  clusterId: string;
  tasksRoot: string;
  gatewayUrl: URL;
  /** bubblewrap; undefined where it cannot be had: then only trusted tenants' tasks run. */
  bubblewrap: string | undefined;
  nodeBinary: string;
  /** Account ids whose tasks may run without a sandbox, or `*`. */
  trustedTenants: readonly string[];
  isRoot: boolean;
  clock: Clock;
  logger: Logger;
};

/** Runs each task as a child process of this machine, in a sandbox of its own. */
export function createProcessDriver(options: ProcessDriverOptions): Driver {
  const { tasksRoot, bubblewrap, trustedTenants, clock, logger } = options;
  const users = createTaskUsers(options.clusterId, options.isRoot);
  const isTrusted = (accountId: string) => trustedTenants.includes('*') || trustedTenants.includes(accountId);

  return {
    name: 'process',
    isolation: bubblewrap === undefined ? 'none' : 'process',
    refuses({ spec }) {
      if (spec.command.length === 0) return 'the command is empty';
      if (bubblewrap === undefined && !isTrusted(spec.accountId)) {
        return 'tasks cannot be isolated on this machine (bubblewrap does not run) and this tenant is not trusted';
      }
      return spec.mounts.map((mount) => refuseMountPath(mount.path)).find((refusal) => refusal !== undefined);
    },
    prepare: (task) => makeTaskDirs(taskDirectory(tasksRoot, task.key), task, users.lend(task.key)),
    async start(task, dirs) {
      const api = await openApiSocket(dirs.api, options.gatewayUrl);
      const user = users.lend(task.key);
      try {
        const spawned = await launch(options, task, dirs, user);
        await mark(task, dirs, spawned);
        return supervise({ spawned, task, dirs, api, clock, logger });
      } catch (error) {
        await api[Symbol.asyncDispose]();
        throw error;
      }
    },
    async readLog(dirs, fromByte, maxBytes) {
      await using file = await open(dirs.log, 'r');
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(maxBytes), 0, maxBytes, fromByte);
      return buffer.subarray(0, bytesRead);
    },
    async clean(key) {
      await rm(taskDirectory(tasksRoot, key), { recursive: true, force: true });
      users.giveBack(key);
    },
    reclaimOrphans: () => reclaimOrphans(tasksRoot, logger),
  };
}

async function launch(
  { bubblewrap, nodeBinary }: ProcessDriverOptions,
  task: DesiredTask,
  dirs: TaskDirs,
  user: { uid: number; gid: number } | undefined,
): Promise<SpawnedTask> {
  const { spec } = task;
  const env = taskEnvironment({ ...spec, ...task, env: spec.env });
  if (bubblewrap === undefined) {
    return spawnTask({ command: spec.command, isSandboxed: false, log: dirs.log, user, env, cwd: dirs.work });
  }
  const binds = [
    ...[...dirs.in].map(([at, from]) => ({ from, at, isWritable: false })),
    ...[...dirs.out].map(([at, from]) => ({ from, at, isWritable: true })),
  ];
  const inside = (name: string) => join(dirs.root, name);
  const args = sandboxArguments({
    ...{ work: dirs.work, tmp: inside('tmp'), shm: inside('shm'), etc: inside('etc'), api: dirs.api },
    ...{ nodeBinary, binds, env, workingDir: spec.workingDir, gpuDevices: spec.gpuDevices, command: spec.command },
  });
  const host = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  return spawnTask({ command: [bubblewrap, ...args], isSandboxed: true, log: dirs.log, user, env: host, cwd: '/' });
}

async function mark(task: DesiredTask, dirs: TaskDirs, { pid, childPid }: SpawnedTask): Promise<void> {
  const childStartTicks = await readStartTicks(childPid);
  if (childStartTicks === undefined) return; // Ended already: nothing to find later.
  await writeMark(dirs.root, { key: taskKey(task), pid, childPid, childStartTicks });
}

function supervise(running: {
  spawned: SpawnedTask;
  task: DesiredTask;
  dirs: TaskDirs;
  api: AsyncDisposable;
  clock: Clock;
  logger: Logger;
}): RunningTask {
  const { spawned, task, dirs, api, clock, logger } = running;
  const ended = new AbortController();
  const memoryBytes = task.spec.memoryBytes > 0 ? task.spec.memoryBytes : DEFAULT_MEMORY_BYTES;
  const limits = { memoryBytes, diskBytes: MAX_DISK_BYTES, processCount: MAX_PROCESSES };
  const watch = watchTask(
    { pid: spawned.pid, directory: dirs.root, limits, clock, onLimit: (cause) => spawned.kill(cause) },
    ended.signal,
  ).catch((error: unknown) => {
    logger.error({ task: task.key, error }, 'a task is no longer watched, so it is ended');
    spawned.kill('out_of_memory');
  });
  const exited = spawned.exited.then(async (exit) => {
    ended.abort();
    await Promise.all([watch, api[Symbol.asyncDispose]()]);
    return exit;
  });
  return { exited, terminate: spawned.terminate, kill: spawned.kill };
}

/** Kills what is still alive of an earlier instance, by pid *and* start time, and removes its files. */
async function reclaimOrphans(tasksRoot: string, logger: Logger): Promise<number> {
  let count = 0;
  for (const { root, mark: found } of await readMarks(tasksRoot)) {
    // Of a sandbox the first process is the one to kill: everything inside dies with it.
    if (found !== undefined && (await isSame(found.childPid, found.childStartTicks))) {
      for (const target of [-found.childPid, found.childPid]) sendSignal(target, 'SIGKILL');
      logger.warn(
        { task: found.key, pid: found.pid },
        'a task of an earlier instance was still running and was killed',
      );
      count += 1;
    }
    await rm(root, { recursive: true, force: true });
  }
  return count;
}

async function isSame(pid: number, startTicks: string): Promise<boolean> {
  return (await readStartTicks(pid)) === startTicks;
}
