import { createHash } from 'node:crypto';
import { chown, chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskDirs } from '../../app/ports.ts';
import type { DesiredTask, TaskKey } from '../../domain/task.ts';

/** Written beside a task's files, so that a later instance of the agent finds what an earlier one left running. */
export type ProcessMark = { key: TaskKey; pid: number; childPid: number; childStartTicks: string };

const MARK_FILE = 'process.json';

/** Short and safe as a path: unix sockets allow about 100 characters in all. */
export function taskDirectory(tasksRoot: string, key: TaskKey): string {
  return join(tasksRoot, createHash('sha256').update(key).digest('hex').slice(0, 16));
}

/** Makes the directories of a task, owned by its user where the agent may give them away. */
export async function makeTaskDirs(
  root: string,
  task: DesiredTask,
  owner: { uid: number; gid: number } | undefined,
): Promise<TaskDirs> {
  // What an earlier attempt to prepare left here is not the task's.
  await rm(root, { recursive: true, force: true });
  const [work, etc, api] = [join(root, 'work'), join(root, 'etc'), join(root, 'api')];
  const owned = [root, work, api, join(root, 'tmp'), join(root, 'shm')];
  const mounts = task.spec.mounts.map((mount, i) => ({ ...mount, directory: join(root, `${mount.mode}${i}`) }));
  for (const directory of [...owned, etc, ...mounts.map((mount) => mount.directory)])
    await mkdir(directory, { recursive: true });
  await writeFile(join(etc, 'passwd'), 'task:x:1000:1000:task:/work:/bin/sh\n');
  await writeFile(join(etc, 'group'), 'task:x:1000:\n');
  const log = join(root, 'log');
  await writeFile(log, '');
  if (owner !== undefined) {
    const writable = [...owned, ...mounts.filter((mount) => mount.mode === 'out').map((mount) => mount.directory)];
    for (const path of writable) await chown(path, owner.uid, owner.gid);
  }
  await chmod(root, 0o700);
  const byMode = (mode: 'in' | 'out') =>
    new Map(mounts.filter((mount) => mount.mode === mode).map((mount) => [mount.path, mount.directory]));
  return { root, work, log, api, in: byMode('in'), out: byMode('out') };
}

export async function writeMark(root: string, mark: ProcessMark): Promise<void> {
  await writeFile(join(root, MARK_FILE), JSON.stringify(mark));
}

/** The marks of all tasks that any instance of this agent has left behind, with their directories. */
export async function readMarks(tasksRoot: string): Promise<{ root: string; mark: ProcessMark | undefined }[]> {
  const names = await readdir(tasksRoot);
  return Promise.all(
    names.map(async (name) => {
      const root = join(tasksRoot, name);
      const text = await readFile(join(root, MARK_FILE), 'utf8').catch(() => undefined);
      return { root, mark: text === undefined ? undefined : parseMark(text) };
    }),
  );
}

function parseMark(text: string): ProcessMark | undefined {
  try {
    return JSON.parse(text) as ProcessMark;
  } catch {
    // A mark cut short by a crash while it was written: its process was not yet started.
    return undefined;
  }
}
