import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** A process and the moment it started: a pid alone may belong to a stranger by now. */
type PidRecord = { pid: number; startedAt: string };

/** Names the start of a live process, undefined when there is none (a zombie counts as none). */
export function processStart(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    }
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'), bootId());
  } catch {
    return undefined; // No such process.
  }
}

/** Start time (field 22, ticks since boot) of a `/proc/<pid>/stat` line, made unique by the boot it counts from. */
export function parseProcStat(stat: string, boot: string): string | undefined {
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = rest[18];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
  return `${boot}:${startTicks}`;
}

/** Remembers a child of ours, so that the next start finds it should this process be killed. */
export async function writePidFile(path: string, pid: number): Promise<void> {
  const record: PidRecord = { pid, startedAt: processStart(pid) ?? 'gone' };
  await writeFile(path, JSON.stringify(record), { mode: 0o600 });
}

/** The pid that the file names, when that very process still lives. */
export async function readLivePid(path: string): Promise<number | undefined> {
  const record = await readRecord(path);
  return record !== undefined && processStart(record.pid) === record.startedAt ? record.pid : undefined;
}

/**
 * Stops what a crashed run left behind: `signal`, then SIGKILL after `timeoutMs`. A process that only shares the pid
 * is left alone. Tells whether there was something to stop.
 */
export async function stopStale(
  path: string,
  options: { signal: NodeJS.Signals; timeoutMs: number },
): Promise<boolean> {
  const pid = await readLivePid(path);
  if (pid !== undefined) {
    const started = processStart(pid);
    const deadline = performance.now() + options.timeoutMs;
    let killed = false;
    signalProcess(pid, options.signal);
    while (processStart(pid) === started) {
      if (!killed && performance.now() > deadline) killed = signalProcess(pid, 'SIGKILL');
      await delay(POLL_MS);
    }
  }
  await rm(path, { force: true });
  return pid !== undefined;
}

/** Sends a signal; false when the process has gone in the meantime. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

async function readRecord(path: string): Promise<PidRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as PidRecord;
  } catch (error) {
    // Half a file means that the writer died while writing: the child it had just started is not known to us.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
