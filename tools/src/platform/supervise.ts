import { setTimeout as delay } from 'node:timers/promises';
import type { ChildExit } from '@suanli/local-servers';
import type { Progress } from '../progress.ts';

/** What both a service's process and a backing server are. */
export type Runnable = {
  pid: number | undefined;
  exited: Promise<ChildExit>;
  kill(signal: NodeJS.Signals): boolean | Promise<boolean>;
  stop(): Promise<unknown>;
};

/** Something that is started again whenever it dies. Disposing stops it for good. */
export type Supervised = AsyncDisposable & {
  name: string;
  pid: () => number | undefined;
  kill: (signal: NodeJS.Signals) => Promise<boolean>;
  /** Why starting it again is hopeless, undefined while it is not. */
  failure: () => string | undefined;
};

export type SuperviseOptions = {
  name: string;
  start: () => Promise<Runnable>;
  progress: Progress;
  /** A new process runs, or none. */
  onChange: () => void;
};

/** Exit code of a service that was configured wrongly: it would be the same the next time. */
const EX_CONFIG = 78;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** One that lived this long had recovered from what killed it before. */
const STABLE_MS = 30_000;
const HOPELESS_DEATHS = 8;

/** Starts it; a first start that fails throws. */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { name, progress, onChange } = options;
  const stopped = new AbortController();
  let current: Runnable | undefined = await options.start();
  let startedAt = performance.now();
  let deaths = 0;
  let failure: string | undefined;
  onChange();

  const startAgain = async (): Promise<Runnable | undefined> => {
    while (!stopped.signal.aborted) {
      await pause(pauseMs(deaths), stopped.signal);
      if (stopped.signal.aborted) return undefined;
      try {
        const next = await options.start();
        progress.step(`${name} runs again${next.pid === undefined ? '' : ` (pid ${next.pid})`}`);
        return next;
      } catch (error) {
        deaths += 1;
        progress.warn(`${name} cannot be started: ${firstLine(error)}`);
      }
    }
    return undefined;
  };

  const keepAlive = async () => {
    while (current !== undefined) {
      const exit = await current.exited;
      current = undefined;
      if (stopped.signal.aborted) return;
      deaths = performance.now() - startedAt > STABLE_MS ? 1 : deaths + 1;
      const how = exit.signal ?? `exit code ${exit.code}`;
      if (exit.code === EX_CONFIG || deaths >= HOPELESS_DEATHS)
        failure = `${name} died ${deaths} times, last of ${how}`;
      onChange();
      if (exit.code === EX_CONFIG) return progress.warn(`${name} refuses its configuration`);
      progress.warn(`${name} died of ${how}; starting it again in ${pauseMs(deaths)} ms`);
      current = await startAgain();
      startedAt = performance.now();
      onChange();
    }
  };
  const done = keepAlive();

  return {
    name,
    pid: () => current?.pid,
    kill: async (signal) => (await current?.kill(signal)) ?? false,
    failure: () => failure,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await current?.stop();
      await done; // A start that was under way when we stopped is stopped by the next line.
      await current?.stop();
    },
  };
}

/** 100 ms after the first death, doubled with each one that follows, five seconds at most. */
export function pauseMs(deaths: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (Math.max(deaths, 1) - 1), LONGEST_PAUSE_MS);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {}); // Woken early because we stop.
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0] ?? '';
}
