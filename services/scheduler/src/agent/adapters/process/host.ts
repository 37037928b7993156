import { createHash } from 'node:crypto';
import { copyFile, chmod, mkdir, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** Unix socket paths are cut at 108 bytes; below `tasks/<16 characters>/api/api.sock` this much is left for the root. */
const MAX_ROOT_LENGTH = 60;

/**
 * Directory for the tasks' files. A task's own user must be able to walk to it, so when `agentDir` lies below a private
 * directory (or is too long for a socket's path) a directory of the same identity under the system's temporary one is
 * taken instead.
 */
export async function chooseTasksRoot(agentDir: string, isRoot: boolean): Promise<string> {
  const wanted = resolve(agentDir);
  await mkdir(wanted, { recursive: true });
  const isFit = wanted.length <= MAX_ROOT_LENGTH && (!isRoot || (await isReachableByAll(wanted)));
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const root = isFit ? join(wanted, 'tasks') : join(tmpdir(), `suanli-agent-${name}`);
  await mkdir(root, { recursive: true });
  const owner = await stat(root);
  if (owner.uid !== process.getuid?.()) throw new Error(`${root} belongs to another user; remove it or set AGENT_DIR`);
  await chmod(root, 0o711);
  return root;
}

/** The program itself, or a copy beside the tasks when their users could not walk to it. */
export async function reachableProgram(program: string, tasksRoot: string, isRoot: boolean): Promise<string> {
  if (!isRoot || (await isReachableByAll(program))) return program;
  const bin = `${tasksRoot}-bin`;
  await mkdir(bin, { recursive: true });
  await chmod(bin, 0o755);
  const copy = join(bin, basename(program));
  // Beside it and then in its place: a task of an earlier instance may still run the old copy, which cannot be written.
  const fresh = `${copy}.${process.pid}`;
  await copyFile(program, fresh);
  await chmod(fresh, 0o755);
  await rename(fresh, copy);
  return copy;
}

async function isReachableByAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  const parent = dirname(path);
  return parent === path || isReachableByAll(parent);
}
