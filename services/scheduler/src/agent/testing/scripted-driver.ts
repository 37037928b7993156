import type { Driver, RunningTask, TaskDirs, TaskExit } from '../app/ports.ts';
import type { StopCause, TaskKey } from '../domain/task.ts';

/** A driver whose tasks do what the test says. Logs are what the test has them write. */
export type ScriptedDriver = Driver & {
  /** Keys in the order in which they were started. */
  readonly started: TaskKey[];
  readonly terminated: TaskKey[];
  readonly killed: Map<TaskKey, StopCause>;
  readonly cleaned: TaskKey[];
  write(key: TaskKey, text: string): void;
  exit(key: TaskKey, exitCode: number): void;
};

export function scriptedDriver(options: { refuses?: string; failsToStart?: string } = {}): ScriptedDriver {
  const logs = new Map<TaskKey, string>();
  const ends = new Map<TaskKey, (exit: TaskExit) => void>();
  const started: TaskKey[] = [];
  const terminated: TaskKey[] = [];
  const killed = new Map<TaskKey, StopCause>();
  const cleaned: TaskKey[] = [];
  return {
    name: 'scripted',
    isolation: 'none',
    started,
    terminated,
    killed,
    cleaned,
    refuses: () => options.refuses,
    async prepare(task): Promise<TaskDirs> {
      return { root: task.key, work: '', log: task.key, api: '', in: new Map(), out: new Map() };
    },
    async start(task): Promise<RunningTask> {
      if (options.failsToStart !== undefined) throw new Error(options.failsToStart);
      started.push(task.key);
      const exited = new Promise<TaskExit>((resolve) => ends.set(task.key, resolve));
      return {
        exited,
        terminate: () => terminated.push(task.key),
        kill(cause) {
          killed.set(task.key, cause);
          ends.get(task.key)?.({ exitCode: 137, signal: 'SIGKILL', cause });
        },
      };
    },
    async readLog(dirs, fromByte, maxBytes) {
      return Buffer.from(logs.get(dirs.log) ?? '').subarray(fromByte, fromByte + maxBytes);
    },
    async clean(key) {
      cleaned.push(key);
    },
    reclaimOrphans: async () => 0,
    write: (key, text) => logs.set(key, (logs.get(key) ?? '') + text),
    exit: (key, exitCode) => ends.get(key)?.({ exitCode, signal: '' }),
  };
}
