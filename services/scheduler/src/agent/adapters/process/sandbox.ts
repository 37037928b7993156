import { API_SOCKET_IN_TASK } from './api-socket.ts';

/** Paths of the private root that no mount may cover. */
const RESERVED = ['/usr', '/bin', '/lib', '/lib64', '/proc', '/dev', '/sys', '/etc', '/opt', '/run', '/tmp', '/work'];
/** Device files of real GPUs, bound where they exist. */
const NVIDIA_CONTROL = ['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools', '/dev/nvidia-modeset'];

export type Sandbox = {
  /** Directory that the task may write, its home and first working directory. */
  work: string;
  tmp: string;
  shm: string;
  /** Holds the socket to the platform. */
  api: string;
  /** A passwd and a group file that know only the task's user. */
  etc: string;
  nodeBinary: string;
  binds: readonly { from: string; at: string; isWritable: boolean }[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  gpuDevices: readonly number[];
  command: readonly string[];
};

/** Why this path cannot be a mount, or undefined. */
export function refuseMountPath(path: string): string | undefined {
  if (!/^\/[A-Za-z0-9._/-]+$/.test(path) || path.split('/').includes('..'))
    return `mount path ${path} is not a plain absolute path`;
  const taken = RESERVED.find(
    (reserved) => path === reserved || (reserved !== '/work' && path.startsWith(`${reserved}/`)),
  );
  return taken === undefined ? undefined : `mount path ${path} would cover ${taken}`;
}

/**
 * Arguments of bubblewrap for one task: every namespace of its own (so no network), a private read-only root with the
 * machine's /usr, an empty environment, and no way to make further user namespaces. Whatever can be written lies on
 * disk below the task's directory, where it is counted; nothing is a tmpfs that would escape the memory limit.
 */
export function sandboxArguments(sandbox: Sandbox): string[] {
  const { work, tmp, shm, api, etc, nodeBinary, binds, env, workingDir, gpuDevices, command } = sandbox;
  return [
    ...['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--new-session', '--clearenv'],
    ...['--uid', '1000', '--gid', '1000', '--hostname', 'task', '--json-status-fd', '3'],
    ...['--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib'],
    ...['--symlink', 'usr/lib64', '/lib64', '--symlink', 'usr/sbin', '/sbin'],
    ...['--ro-bind', etc, '/etc'],
    ...['--proc', '/proc', '--dev', '/dev', '--bind', shm, '/dev/shm', '--remount-ro', '/dev'],
    ...gpuFiles(gpuDevices).flatMap((file) => ['--dev-bind-try', file, file]),
    ...['--ro-bind', nodeBinary, '/opt/node/bin/node', '--bind', tmp, '/tmp', '--bind', work, '/work'],
    ...['--bind', api, '/run/suanli'],
    ...binds.flatMap(({ from, at, isWritable }) => [isWritable ? '--bind' : '--ro-bind', from, at]),
    ...['--remount-ro', '/', '--chdir', workingDir === '' ? '/work' : workingDir],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
    ...command,
  ];
}

/** Environment of a task: its own variables, then ours, which it cannot replace. */
export function taskEnvironment(task: {
  env: Readonly<Record<string, string>>;
  jobId: string;
  epoch: number;
  index: number;
  taskCount: number;
  region: string;
  jobKey: string;
  gpuDevices: readonly number[];
}): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    TMPDIR: '/tmp',
    ...task.env,
    PATH: '/opt/node/bin:/usr/local/bin:/usr/bin:/bin',
    HOME: '/work',
    USER: 'task',
    SUANLI_JOB_ID: task.jobId,
    SUANLI_EPOCH: String(task.epoch),
    SUANLI_TASK_INDEX: String(task.index),
    SUANLI_TASK_COUNT: String(task.taskCount),
    SUANLI_REGION: task.region,
    SUANLI_API_SOCKET: API_SOCKET_IN_TASK,
    SUANLI_API_KEY: task.jobKey,
    CUDA_VISIBLE_DEVICES: task.gpuDevices.join(','),
  };
}

function gpuFiles(devices: readonly number[]): string[] {
  return devices.length === 0 ? [] : [...NVIDIA_CONTROL, ...devices.map((device) => `/dev/nvidia${device}`)];
}
