import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild, waitUntil } from '@suanli/local-servers';
import { inRoot, root } from '../root.ts';
import type { ProcessSpec } from './constellation.ts';
import { openProcessLog } from './process-log.ts';
import type { Progress } from '../progress.ts';
import { supervise, type Supervised } from './supervise.ts';

const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning'];
const STOP_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 2_000;

export type ProcessOptions = { dir: string; progress: Progress; onChange: () => void };
/** A service's process under supervision, with the end of its log. */
export type SupervisedProcess = Supervised & { tail(): string };

export function pidFolder(dir: string): string {
  return join(dir, 'run');
}

/** Starts one process of the platform and keeps it alive. */
export async function keepProcess(spec: ProcessSpec, options: ProcessOptions): Promise<SupervisedProcess> {
  const { dir, progress, onChange } = options;
  await mkdir(pidFolder(dir), { recursive: true, mode: 0o700 });
  const log = await openProcessLog(spec.name, join(dir, 'logs', `${spec.name}.log`), progress);
  const telemetry =
    spec.env['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined
      ? []
      : ['--import', inRoot('packages/service-kit/src/otel.ts')];
  const supervised = await supervise({
    name: spec.name,
    progress,
    onChange,
    start: () =>
      startChild({
        command: process.execPath,
        args: [...NODE_OPTIONS, ...telemetry, spec.entry],
        cwd: root,
        env: spec.env,
        pidFile: join(pidFolder(dir), `${spec.name}.pid`),
        onLine: log.onLine,
        stopTimeoutMs: STOP_TIMEOUT_MS,
      }),
  });
  return {
    ...supervised,
    tail: log.tail,
    async [Symbol.asyncDispose]() {
      await supervised[Symbol.asyncDispose]();
      await log.close();
    },
  };
}

/** Waits until `/readyz` answers 200; fails early, with the end of its log, when the process cannot live. */
export async function untilProcessReady(
  spec: ProcessSpec,
  running: SupervisedProcess,
  signal?: AbortSignal,
): Promise<void> {
  const hopeless = new AbortController();
  const probe = async () => {
    const failure = running.failure();
    if (failure !== undefined) hopeless.abort(new Error(failure));
    const answer = await fetch(`http://${spec.opsAddress}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`/readyz answers ${answer.status}: ${await answer.text()}`);
  };
  try {
    await waitUntil(probe, {
      timeoutMs: READY_TIMEOUT_MS,
      what: spec.name,
      signal: AbortSignal.any([hopeless.signal, ...(signal ? [signal] : [])]),
    });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${message}\n${cause === undefined ? '' : `${(cause as Error).message}\n`}${running.tail()}`, {
      cause: error,
    });
  }
}
