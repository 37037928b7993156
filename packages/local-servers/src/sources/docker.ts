import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inheritedEnv, runCommand, startChild, type Child } from '../processes/child-process.ts';
import type { RunningServer } from '../server.ts';

const ANSWER_TIMEOUT_MS = 5_000;
const STOP_TIMEOUT_S = 10;

export type ContainerOptions = {
  kind: 'postgres' | 'redis' | 'nats';
  image: string;
  dir: string;
  /** On the loopback address of this machine. */
  port: number;
  containerPort: number;
  url: string;
  env?: Readonly<Record<string, string>>;
  /** Volume folder inside the container; kept between runs, emptied when `isNew`. */
  dataFolder: string;
  isNew: boolean;
  /** Copied into the container before it starts. */
  config?: { path: string; text: string };
  args?: readonly string[];
};

/** Whether a Docker engine can be reached from here. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: ANSWER_TIMEOUT_MS });
    return true;
  } catch {
    return false; // No client, no engine, or no right to use it: each is a plain no.
  }
}

/**
 * Runs a server as a container. Works with an engine on another file system too: configuration is copied in, data is a
 * named volume.
 */
export async function startContainer(options: ContainerOptions): Promise<RunningServer> {
  const name = containerName(options.kind, options.dir);
  if (options.isNew) await docker('volume', 'rm', '--force', name);
  const env = Object.entries(options.env ?? {});
  const envFile = join(options.dir, 'container.env');
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  await writeFile(envFile, env.map(([key, value]) => `${key}=${value}\n`).join(''), { mode: 0o600 });
  await docker(
    'create',
    '--name',
    name,
    '--publish',
    `127.0.0.1:${options.port}:${options.containerPort}`,
    '--volume',
    `${name}:${options.dataFolder}`,
    '--env-file',
    envFile,
    options.image,
    ...(options.args ?? []),
  );
  if (options.config !== undefined) await copyConfig(name, options.dir, options.config);
  await docker('start', name);
  const { exited } = await watchContainer(name, options.dir);
  const stop = async () => {
    await docker('stop', '--time', String(STOP_TIMEOUT_S), name);
    await exited;
    await docker('rm', '--force', name);
  };
  return {
    url: options.url,
    source: 'docker',
    pid: undefined,
    exited,
    kill: async (signal) => {
      await docker('kill', '--signal', signal, name);
      return true;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Removes what a crashed run left running; its data stays. */
export async function removeContainer(kind: ContainerOptions['kind'], dir: string): Promise<void> {
  await docker('rm', '--force', containerName(kind, dir));
}

/** One container per kind and folder: two checkouts on one machine do not meet. */
export function containerName(kind: string, dir: string): string {
  return `suanli-${kind}-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
}

async function copyConfig(name: string, dir: string, config: { path: string; text: string }): Promise<void> {
  const file = join(dir, 'container.conf');
  // Readable by the user of its own that the server inside runs as; here the folder is private.
  await writeFile(file, config.text, { mode: 0o644 });
  await docker('cp', file, `${name}:${config.path}`);
}

/** `docker wait` ends when the container does. */
function watchContainer(name: string, dir: string): Promise<Child> {
  return startChild({
    command: 'docker',
    args: ['wait', name],
    env: inheritedEnv(),
    cwd: '/',
    pidFile: join(dir, 'docker-wait.pid'),
  });
}

function docker(...args: readonly string[]): Promise<string> {
  return runCommand('docker', args);
}
