import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { systemClock } from '@suanli/kernel';
import type { RunningTask, TaskExit } from '../../app/ports.ts';
import type { StopCause } from '../../domain/task.ts';
import { readStartTicks } from './proc.ts';
import type { TaskUser } from './task-users.ts';

/** No single file of a task, its log included, grows beyond this. */
const MAX_FILE_BYTES = 1024 ** 3;
const MAX_OPEN_FILES = 4096;

export type SpawnedTask = RunningTask & { pid: number; childPid: number };

/**
 * Starts a program under `prlimit` in a process group of its own, both outputs appended to one log in the order in
 * which they come. In a sandbox bubblewrap reports on descriptor 3 the pid of the sandbox's first process, whose group
 * is the task: signals go there, and its death ends everything inside.
 */
export async function spawnTask(options: {
  command: readonly string[];
  isSandboxed: boolean;
  log: string;
  user: TaskUser | undefined;
  env: Readonly<Record<string, string>>;
  cwd: string;
}): Promise<SpawnedTask> {
  const { command, isSandboxed, log, user, env, cwd } = options;
  await using file = await open(log, 'a');
  const limits = ['--core=0', `--fsize=${MAX_FILE_BYTES}`, `--nofile=${MAX_OPEN_FILES}`, '--'];
  const child = spawn('prlimit', [...limits, ...command], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', file.fd, file.fd, 'pipe'],
    ...user,
  });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const childPid = isSandboxed ? await readChildPid(child) : pid;
  return running(child, pid, childPid, await readStartTicks(childPid), exited);
}

function running(
  child: ChildProcess,
  pid: number,
  childPid: number,
  startTicks: string | undefined,
  exited: Promise<unknown[]>,
): SpawnedTask {
  let cause: StopCause | undefined;
  let isGone = false;
  const signalGroup = (signal: NodeJS.Signals) => {
    for (const target of isGone ? [] : [-childPid, -pid]) {
      if (signal === 'SIGTERM' && target !== -childPid) continue;
      sendSignal(target, signal);
    }
  };
  return {
    pid,
    childPid,
    exited: exited.then(async ([code, signal]) => {
      // The sandbox's first process dies last: the kernel ends and reaps everything inside before it.
      if (childPid !== pid) await untilGone(childPid, startTicks);
      isGone = true;
      return toExit(child, code as number | null, signal as NodeJS.Signals | null, cause);
    }),
    terminate: () => signalGroup('SIGTERM'),
    kill: (why) => {
      cause ??= why;
      signalGroup('SIGKILL');
    },
  };
}

function toExit(
  child: ChildProcess,
  code: number | null,
  signal: NodeJS.Signals | null,
  cause: StopCause | undefined,
): TaskExit {
  child.stdio[3]?.destroy();
  const exitCode = code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0);
  const byCode = Object.entries(constants.signals).find(([, number]) => exitCode === 128 + number)?.[0];
  return { exitCode, signal: signal ?? byCode ?? '', ...(cause === undefined ? {} : { cause }) };
}

/** Hundreds of processes take the kernel a while; longer than this it is stuck, and the next start reclaims it. */
const GONE_WITHIN_MS = 10_000;
const GONE_POLL_MS = 20;

async function untilGone(pid: number, startTicks: string | undefined): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + GONE_WITHIN_MS;
  while (startTicks !== undefined && systemClock.monotonicMs() < deadlineMs) {
    if ((await readStartTicks(pid)) !== startTicks) return;
    await systemClock.sleep(GONE_POLL_MS);
  }
}

/** Signals a process, or with a negative number a group, that may have ended meanwhile. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** bubblewrap's first status line names the sandbox's first process. It ends without one when it could not start. */
async function readChildPid(child: ChildProcess): Promise<number> {
  const status = child.stdio[3] as Readable;
  let text = '';
  for await (const data of status.iterator({ destroyOnReturn: false })) {
    text += String(data);
    const found = /"child-pid"\s*:\s*(\d+)/.exec(text);
    if (found !== null) {
      status.resume();
      return Number(found[1]);
    }
  }
  throw new Error('the sandbox could not be made; see the log of the task');
}
