import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { signalProcess, stopStale, writePidFile } from './pid-file.ts';

const DEFAULT_STOP_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export type ChildOptions = {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** Where the child is remembered; a live child of an earlier run found there is stopped first. */
  pidFile: string;
  /** Receives output and errors. With `onLine` the lines come to this process instead. */
  logFile?: string;
  onLine?: (line: string) => void;
  runAs?: { uid: number; gid: number };
  /** Descriptors that the child sees as 3, 4, …; stay open in this process. */
  descriptors?: readonly number[];
  stopSignal?: NodeJS.Signals;
  /** From the stop signal to SIGKILL. */
  stopTimeoutMs?: number;
};

export type ChildExit = { code: number | null; signal: NodeJS.Signals | null };

/** A process of ours. Disposing stops it. */
export type Child = AsyncDisposable & {
  pid: number;
  exited: Promise<ChildExit>;
  /** False when it has already exited. */
  kill(signal: NodeJS.Signals): boolean;
  /** Asks it to stop, kills it after the time-out, resolves when it is gone. May be called twice. */
  stop(): Promise<ChildExit>;
};

const living = new Map<ChildProcess, NodeJS.Signals>();
let watchesExit = false;

/**
 * Starts a child in its own process group, so that Ctrl-C in a terminal reaches only us and we choose the order in
 * which things stop. Whatever still runs when this process exits is asked to stop.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  const stopTimeoutMs = options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
  await stopStale(options.pidFile, { signal: stopSignal, timeoutMs: stopTimeoutMs });

  const logFd = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
  const output = options.onLine !== undefined ? 'pipe' : (logFd ?? 'ignore');
  const stdio: StdioOptions = ['ignore', output, output, ...(options.descriptors ?? [])];
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio,
    detached: true,
    ...options.runAs,
  });
  if (logFd !== undefined) closeSync(logFd);
  const pid = await spawned(child);
  watchExit();
  living.set(child, stopSignal);
  if (options.onLine !== undefined) readLines(child, options.onLine);
  const exited = exitOf(child, options.pidFile);
  await writePidFile(options.pidFile, pid);

  const kill = (signal: NodeJS.Signals) => living.has(child) && signalProcess(pid, signal);
  const stop = async () => {
    kill(stopSignal);
    const patience = new AbortController();
    const late = delay(stopTimeoutMs, 'late' as const, { signal: patience.signal, ref: false }).catch(
      () => 'gone' as const,
    );
    if ((await Promise.race([exited, late])) === 'late') kill('SIGKILL');
    patience.abort();
    return exited;
  };
  return { pid, exited, kill, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** Runs a command to its end. Throws with what it printed when it fails. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; timeoutMs?: number } = {},
): Promise<string> {
  const { timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...rest, encoding: 'utf8', timeout: timeoutMs ?? COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command} ${args.join(' ')} failed: ${(stderr || stdout || error.message).trim()}`));
      },
    );
  });
}

/** The environment of this process without undefined values: what a child gets when nothing is to be hidden from it. */
export function inheritedEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

async function spawned(child: ChildProcess): Promise<number> {
  await once(child, 'spawn'); // Rejects with the 'error' event when the program cannot be run.
  if (child.pid === undefined) throw new Error(`${child.spawnfile} started without a pid`);
  return child.pid;
}

async function exitOf(child: ChildProcess, pidFile: string): Promise<ChildExit> {
  // After a pipe's last byte, so that the last lines of a dying child are not lost.
  const [code, signal] = (await once(child, child.stdout === null ? 'exit' : 'close')) as [
    number | null,
    NodeJS.Signals | null,
  ];
  living.delete(child);
  await rm(pidFile, { force: true });
  return { code, signal };
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
}

function watchExit(): void {
  if (watchesExit) return;
  watchesExit = true;
  process.once('exit', () => {
    for (const [child, signal] of living) child.kill(signal);
  });
}
