import type { CallContext } from '@suanli/kernel';
import { silentLogger, SimClock } from '@suanli/test-kit';
import { createMoneyLeases } from '../app/inference/money-leases.ts';
import type { InferenceDeps } from '../app/inference/open-call.ts';
import type {
  AnswerPart,
  InferenceUsage,
  KeptAnswer,
  ModelRoute,
  RouteTable,
  Upstream,
} from '../app/inference/ports.ts';
import type { ChatBody } from '../domain/inference/chat.ts';
import { memoryDatabase } from './memory-database.ts';
import { memoryHoldDesk } from './memory-hold-desk.ts';

/** What the scripted upstream does with its next calls. */
export type Script = { parts: AnswerPart[]; thenFails?: Error };

export const MODEL = 'acme/small';
/** One micro for each token of input, two for each of output. */
const PRICE = { input: { amountMicros: 1n, perTokens: 1n }, output: { amountMicros: 2n, perTokens: 1n } };

export const said = (text: string, usage?: AnswerPart['usage']): AnswerPart => ({
  body: { choices: [{ index: 0, delta: { content: text }, message: { content: text }, finish_reason: 'stop' }] },
  text,
  usage,
});

export const counted = (inputTokens: number, outputTokens: number): AnswerPart => ({
  body: { choices: [], usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens } },
  text: '',
  usage: { inputTokens, outputTokens },
});

export function aContext(over: Partial<CallContext> = {}): CallContext & { requestId: string } {
  const tenant = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' };
  const signal = new AbortController().signal;
  return { tenant, role: 'owner', scopes: ['*'], correlationId: 'cor_1', requestId: 'req_1', signal, ...over };
}

export const aBody = (over: Record<string, unknown> = {}): ChatBody => ({
  model: MODEL,
  messages: [{ role: 'user', content: 'Say something.' }],
  ...over,
});

/** The use cases of inference on memory alone: a wallet, a database that can go away, an upstream that does as told. */
export function inferenceRig({ walletMicros = 1_000_000n }: { walletMicros?: bigint } = {}) {
  const clock = new SimClock();
  const memory = memoryDatabase();
  const desk = memoryHoldDesk({ walletMicros, clock });
  let lastId = 0;
  const ids = { next: (prefix: string) => `${prefix}_${(lastId += 1)}` };
  const leases = createMoneyLeases({ desk, clock, ids, logger: silentLogger });
  const events = new Map<string, InferenceUsage>();
  const kept = new Map<string, KeptAnswer>();
  const received: ChatBody[] = [];
  const script: Script = { parts: [said('Hello.', { inputTokens: 10, outputTokens: 5 })] };
  const upstream: Upstream = {
    name: 'scripted',
    async complete(body) {
      received.push(body);
      if (script.thenFails) throw script.thenFails;
      return script.parts[0] ?? said('');
    },
    async *stream(body) {
      received.push(body);
      yield* script.parts;
      if (script.thenFails) throw script.thenFails;
    },
  };
  const route: ModelRoute = {
    ...{ model: MODEL, upstream: 'scripted', upstreamModel: 'small-v1', description: '', isLanguageModel: true },
    ...{ updatedAt: 0, isListed: true },
  };
  const routes: RouteTable = {
    find: (model) => (model === MODEL ? route : undefined),
    list: () => [route],
    isLoaded: () => true,
  };
  const deps: InferenceDeps = {
    ...{ db: memory.db, clock, ids, logger: silentLogger, routes, leases, committed: () => undefined },
    upstreams: new Map([[upstream.name, upstream]]),
    prices: { priceOf: async () => PRICE },
    usageLog: {
      append: async (_tx, used) =>
        memory.stage(() => void (events.has(used.usageId) || events.set(used.usageId, used))),
    },
    answers: {
      find: async (accountId, requestId) => kept.get(`${accountId}/${requestId}`),
      async keep(_tx, { accountId, requestId }, answer) {
        const key = `${accountId}/${requestId}`;
        if (kept.has(key)) return false;
        memory.stage(() => void kept.set(key, answer));
        return true;
      },
    },
  };
  return { deps, clock, desk, leases, memory, events, received, script, usages: () => [...events.values()] };
}

/** Lets a simulated clock run until `work` is done. */
export async function whileTimePasses<T>(clock: SimClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const finish = () => void (isDone = true);
  work.then(finish, finish);
  for (let step = 0; step < 1_000 && !isDone; step++) await clock.advance(100);
  return work;
}
