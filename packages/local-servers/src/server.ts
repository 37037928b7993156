import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child, ChildExit, ChildOptions } from './processes/child-process.ts';
import { stopStale } from './processes/pid-file.ts';
import { choosePort } from './processes/ports.ts';

/** Where a server's program may come from, in the order in which they are tried. */
export type ServerSource = 'machine' | 'package' | 'docker';

export type ServerOptions = {
  /** Private folder of this server: data, log, pid file and the remembered port and password. Kept between runs. */
  dir: string;
  /** A server that somebody else runs: used as it is, nothing is started. */
  url?: string | undefined;
  /** Preferred port; the remembered one or a free one when left out or taken. */
  port?: number;
  /** Left out: the remembered one or a new random one. */
  password?: string;
  sources?: readonly ServerSource[];
  /** Where fetched programs are kept. Shared by all servers of a checkout. */
  cacheDir?: string;
  /** Told in a few words when something takes long, for example a download. */
  onProgress?: (message: string) => void;
};

/** A server that answers. Disposing stops it, unless it was given by URL. */
export type RunningServer = AsyncDisposable & {
  /** With the credentials of its administrator. */
  url: string;
  source: ServerSource | 'url';
  /** Undefined when it does not run as a process of this machine. */
  pid: number | undefined;
  /** Settles when it stops, for whatever reason. Never settles for a server given by URL. */
  exited: Promise<ChildExit>;
  /** For tests that crash it; false when it is not ours to kill. */
  kill(signal: NodeJS.Signals): Promise<boolean>;
  stop(): Promise<void>;
};

/** Nothing that could run this server was found; the message names what to install. */
export class ServerMissing extends Error {
  override name = 'ServerMissing';
}

/** What must stay the same from one start to the next. */
export type ServerState = { port: number; password: string; isNew: boolean };

const PASSWORD_BYTES = 24;
const STATE_FILE = 'server.json';
const PID_FILE = 'server.pid';
/** PostgreSQL's fast shutdown; Redis and NATS take it as any request to stop. */
const STOP_SIGNAL = 'SIGINT';
const STOP_TIMEOUT_MS = 15_000;

/** The folder that every fetched program of this checkout is kept in. */
export const defaultCacheDir = join(import.meta.dirname, '../../../.data/cache');

/** How the servers of this package are started and stopped. */
export function serverChild(dir: string): Pick<ChildOptions, 'pidFile' | 'stopSignal' | 'stopTimeoutMs'> {
  return { pidFile: join(dir, PID_FILE), stopSignal: STOP_SIGNAL, stopTimeoutMs: STOP_TIMEOUT_MS };
}

/**
 * Makes the folder and settles port and password: as asked, as remembered, or new. What a crashed run left running
 * there is stopped first: it holds the port.
 */
export async function openServerDir(options: ServerOptions): Promise<ServerState> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  await stopStale(join(options.dir, PID_FILE), { signal: STOP_SIGNAL, timeoutMs: STOP_TIMEOUT_MS });
  const path = join(options.dir, STATE_FILE);
  const known = await readState(path);
  const port = await choosePort(options.port ?? known?.port);
  const password = options.password ?? known?.password ?? randomBytes(PASSWORD_BYTES).toString('base64url');
  await writeFile(path, JSON.stringify({ port, password }), { mode: 0o600 });
  return { port, password, isNew: known === undefined };
}

/** A server of somebody else: stopping it is not ours to do. */
export function existingServer(url: string): RunningServer {
  return {
    url,
    source: 'url',
    pid: undefined,
    exited: new Promise(() => {}),
    kill: async () => false,
    stop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A server that runs as a child of this process. */
export function childServer(child: Child, url: string, source: ServerSource): RunningServer {
  return {
    url,
    source,
    pid: child.pid,
    exited: child.exited,
    kill: async (signal) => child.kill(signal),
    stop: async () => void (await child.stop()),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function readState(path: string): Promise<{ port: number; password: string } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { port: number; password: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
