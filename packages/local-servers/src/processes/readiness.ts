import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './child-process.ts';

const POLL_MS = 25;
const ANSWER_TIMEOUT_MS = 2_000;
const LOG_TAIL_LINES = 15;

export type WaitOptions = { timeoutMs: number; what: string; signal?: AbortSignal };

/** Repeats `probe` until it no longer throws. Fails with the last error after `timeoutMs`, or at once on abort. */
export async function waitUntil(probe: () => Promise<void>, options: WaitOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await probe();
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`${options.what}: not ready after ${options.timeoutMs} ms`, { cause: error });
      }
    }
    await delay(POLL_MS);
  }
}

/** Waits for a child to answer; when it exits instead, or never answers, stops it and fails with the end of its log. */
export async function untilReady(
  child: Child,
  probe: () => Promise<void>,
  options: { timeoutMs: number; what: string; logFile: string },
): Promise<void> {
  const exited = new AbortController();
  void child.exited.then(({ code, signal }) => exited.abort(new Error(`${options.what} exited (${signal ?? code})`)));
  try {
    await waitUntil(probe, { ...options, signal: exited.signal });
  } catch (error) {
    await child.stop();
    throw new Error(`${(error as Error).message}\n${await lastLines(options.logFile)}`, { cause: error });
  }
}

/** Sends a text to a port of this machine and returns what came back once it contains `expected`. */
export async function exchange(port: number, text: string, expected: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.includes(expected)) return answer;
    }
    throw new Error(`answered ${JSON.stringify(answer)}`);
  } finally {
    socket.destroy();
  }
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
