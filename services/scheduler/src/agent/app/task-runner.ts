import type { Clock, Logger } from '@suanli/kernel';
import type { Action } from '../domain/reconcile.ts';
import { type DesiredTask, isAlive, type LocalTask, type StopCause, type TaskKey } from '../domain/task.ts';
import type { Driver, HubFiles, TaskReport } from './ports.ts';
import { newRecord, type TaskRecord, toReport } from './task-record.ts';

/** How many tasks this agent keeps, ended ones included. */
const MAX_TASKS = 4096;

export type TaskRunnerDeps = {
  driver: Driver;
  hub: HubFiles;
  clock: Clock;
  logger: Logger;
  /** Called when something happened that the scheduler should hear of at once. */
  onChange: () => void;
};

/** Owns the tasks of this agent: starts, stops and reports them. What to do is decided elsewhere (domain/reconcile). */
export type TaskRunner = AsyncDisposable & {
  local(): Map<TaskKey, LocalTask>;
  records(): IterableIterator<TaskRecord>;
  reports(): TaskReport[];
  apply(actions: readonly Action[], logOffsets: ReadonlyMap<TaskKey, number>): void;
};

export function createTaskRunner(deps: TaskRunnerDeps): TaskRunner {
  const records = new Map<TaskKey, TaskRecord>();
  const cleanups = new Set<Promise<void>>();

  const start = (task: DesiredTask, sentLogBytes: number) => {
    if (records.size >= MAX_TASKS) return;
    const record = newRecord(task, sentLogBytes);
    records.set(task.key, record);
    void runTask(deps, record);
  };
  const forget = (key: TaskKey) => {
    records.delete(key);
    const cleanup = deps.driver.clean(key).catch((error: unknown) => {
      deps.logger.warn({ task: key, error }, 'could not remove the files of an ended task');
    });
    cleanups.add(cleanup);
    void cleanup.then(() => cleanups.delete(cleanup));
  };
  const act = (action: Action, logOffsets: ReadonlyMap<TaskKey, number>) => {
    if (action.kind === 'start') return start(action.task, logOffsets.get(action.task.key) ?? 0);
    if (action.kind === 'forget') return forget(action.key);
    const record = records.get(action.key);
    if (record === undefined) return;
    if (action.kind === 'fund') record.local.fundedUntil = action.fundedUntil;
    else end(deps, record, action.kind, action.cause);
  };

  return {
    local: () => new Map([...records].map(([key, record]) => [key, record.local])),
    records: () => records.values(),
    reports: () => [...records.values()].map((record) => toReport(record, deps.clock)),
    apply: (actions, logOffsets) => {
      for (const action of actions) act(action, logOffsets);
    },
    async [Symbol.asyncDispose]() {
      const alive = [...records.values()].filter((record) => isAlive(record.local));
      for (const record of alive) end(deps, record, 'kill', 'lease_lost');
      await Promise.all([...alive.map((record) => record.process?.exited), ...cleanups]);
    },
  };
}

function end(deps: TaskRunnerDeps, record: TaskRecord, how: 'stop' | 'kill', cause: StopCause): void {
  const { local } = record;
  if (!isAlive(local)) return;
  deps.logger.info({ task: local.key, how, cause }, 'task is being ended');
  const since = local.stopping ?? { cause, sinceMonoMs: deps.clock.monotonicMs(), isKilled: false };
  local.stopping = { ...since, isKilled: since.isKilled || how === 'kill' };
  record.abort.abort();
  if (how === 'kill') record.process?.kill(cause);
  else record.process?.terminate();
}

/** The life of one task: mounts in, process, mounts out. Never rejects: every failure becomes part of its report. */
async function runTask(deps: TaskRunnerDeps, record: TaskRecord): Promise<void> {
  const isStarted = await startProcess(deps, record);
  deps.onChange();
  if (!isStarted || record.process === undefined) return;
  record.exit = await record.process.exited;
  record.exitedMonoMs = deps.clock.monotonicMs();
  record.finalRunMs = Math.floor(record.exitedMonoMs - (record.local.startedMonoMs ?? record.exitedMonoMs));
  record.local.phase = 'publishing';
  deps.logger.info({ task: record.local.key, ...record.exit, runMs: record.finalRunMs }, 'task has ended');
  deps.onChange();
  if (record.exit.exitCode === 0 && record.local.stopping === undefined) await publishOutputs(deps, record);
  record.local.phase = 'exited';
  deps.onChange();
}

async function startProcess(deps: TaskRunnerDeps, record: TaskRecord): Promise<boolean> {
  const { desired, local } = record;
  const refusal = deps.driver.refuses(desired);
  if (refusal !== undefined) return failToStart(deps, record, 'start_failed', refusal);
  let cause: 'start_failed' | 'mount_failed' = 'start_failed';
  try {
    const dirs = await deps.driver.prepare(desired);
    record.dirs = dirs;
    cause = 'mount_failed';
    for (const mount of desired.spec.mounts.filter((each) => each.mode === 'in')) {
      await deps.hub.download(mount, desired.spec.jobKey, dirs.in.get(mount.path) ?? '', record.abort.signal);
    }
    cause = 'start_failed';
    if (local.stopping !== undefined) return failToStart(deps, record, cause, 'ended before it was started');
    record.process = await deps.driver.start(desired, dirs);
    record.startedAt = deps.clock.now();
    local.startedMonoMs = deps.clock.monotonicMs();
    local.phase = 'running';
    // A stop that came while the process was being made found nothing to signal.
    if (record.abort.signal.aborted) record.process.kill('cancelled');
    deps.logger.info({ task: local.key }, 'task has started');
    return true;
  } catch (error) {
    return failToStart(deps, record, cause, error instanceof Error ? error.message : String(error));
  }
}

function failToStart(
  deps: TaskRunnerDeps,
  record: TaskRecord,
  cause: 'start_failed' | 'mount_failed',
  message: string,
): false {
  if (record.local.stopping === undefined) record.failure = { cause, message: message.slice(0, 500) };
  record.local.phase = 'failed_to_start';
  record.isLogComplete = true;
  deps.logger.warn({ task: record.local.key, cause, message }, 'task could not be started');
  return false;
}

async function publishOutputs(deps: TaskRunnerDeps, record: TaskRecord): Promise<void> {
  const { desired, dirs, local } = record;
  for (const mount of desired.spec.mounts.filter((each) => each.mode === 'out')) {
    try {
      const directory = dirs?.out.get(mount.path) ?? '';
      const requestKey = `${local.key}${mount.path}`;
      const revision = await deps.hub.publish(mount, desired.spec.jobKey, directory, requestKey, record.abort.signal);
      if (revision !== undefined) record.published[mount.path] = revision;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      record.failure = { cause: 'publish_failed', message: message.slice(0, 500) };
      deps.logger.warn({ task: local.key, mount: mount.path, message }, 'outputs could not be published');
    }
  }
}
