import { Worker } from 'node:worker_threads';
import type { Logger } from '@suanli/kernel';
import type { Evaluator } from '../../app/ports.ts';
import type { WorkerReply, WorkerRequest } from './protocol.ts';

export type EvaluatorOptions = {
  /** An expression or schema that takes longer ends with its thread. */
  timeLimitMs: number;
  /** Threads: how many questions are answered at once. */
  threads: number;
  logger: Logger;
};

/** Of a thread's own heap; the memory of jq itself is bounded by the time that it gets. */
const MAX_HEAP_MB = 256;
/** jq never gives memory back, so a thread is renewed after this many questions. */
const QUESTIONS_PER_THREAD = 2_000;
const START_LIMIT_MS = 30_000;

type Outcome = { kind: 'reply'; reply: WorkerReply } | { kind: 'late' } | { kind: 'died'; reason: string };
type Slot = { worker: Worker | undefined; asked: number; turn: Promise<unknown>; waiting: number };

/** Answers the engine's questions in worker threads, each with a time limit: user code never holds up the event loop. */
export function createEvaluator(options: EvaluatorOptions): Evaluator & AsyncDisposable {
  const slots: Slot[] = Array.from({ length: options.threads }, () => ({
    worker: undefined,
    asked: 0,
    turn: Promise.resolve(),
    waiting: 0,
  }));

  function ask(request: WorkerRequest): Promise<Outcome> {
    const slot = slots.reduce((best, other) => (other.waiting < best.waiting ? other : best));
    slot.waiting += 1;
    const result = slot.turn.then(() => askNow(slot, request, options));
    slot.turn = result.then(
      () => (slot.waiting -= 1),
      () => (slot.waiting -= 1),
    );
    return result;
  }

  const late = `took longer than ${options.timeLimitMs} ms`;
  return {
    async answer(question) {
      const outcome = await ask({ kind: 'answer', question });
      if (outcome.kind === 'reply' && outcome.reply.kind === 'answered') return outcome.reply.answer;
      return { kind: 'failed', detail: outcome.kind === 'late' ? late : 'needs too much memory' };
    },
    async check(expressions) {
      const outcome = await ask({ kind: 'check', expressions });
      if (outcome.kind === 'reply' && outcome.reply.kind === 'checked') return outcome.reply.problems;
      return [{ pointer: '', message: 'the expressions could not be compiled in time' }];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(slots.map(discard));
    },
  };
}

/** A thread that dies is tried once more as a new one, unless it was: the fault may have been an earlier question's. */
async function askNow(slot: Slot, request: WorkerRequest, options: EvaluatorOptions): Promise<Outcome> {
  const wasUsed = slot.asked > 0;
  const outcome = await askOnce(slot, request, options);
  return outcome.kind === 'died' && wasUsed ? askOnce(slot, request, options) : outcome;
}

async function askOnce(slot: Slot, request: WorkerRequest, options: EvaluatorOptions): Promise<Outcome> {
  if (slot.worker && slot.asked >= QUESTIONS_PER_THREAD) await discard(slot);
  const worker = slot.worker ?? (await startWorker());
  slot.worker = worker;
  slot.asked += 1;
  const outcome = await next(worker, options.timeLimitMs, () => worker.postMessage(request));
  if (outcome.kind !== 'reply') {
    options.logger.warn({ outcome }, 'an expression was stopped');
    await discard(slot);
  }
  return outcome;
}

async function discard(slot: Slot): Promise<void> {
  const { worker } = slot;
  slot.worker = undefined;
  slot.asked = 0;
  await worker?.terminate();
}

async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL('./jq-worker.ts', import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  worker.unref();
  worker.on('error', () => undefined); // Seen by whoever waits for a reply.
  const started = await next(worker, START_LIMIT_MS, () => undefined);
  if (started.kind === 'reply') return worker;
  await worker.terminate();
  throw new Error('the thread for expressions did not start', { cause: started });
}

/** The next thing that a thread says, or that it says nothing in time, or has died. */
function next(worker: Worker, limitMs: number, begin: () => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const settle = (outcome: Outcome) => {
      clearTimeout(timer);
      worker.off('message', onReply).off('error', onDeath).off('exit', onDeath);
      resolve(outcome);
    };
    const onReply = (reply: WorkerReply) => settle({ kind: 'reply', reply });
    const onDeath = (reason: unknown) => settle({ kind: 'died', reason: String(reason) });
    const timer = setTimeout(() => settle({ kind: 'late' }), limitMs);
    worker.on('message', onReply).on('error', onDeath).on('exit', onDeath);
    begin();
  });
}
