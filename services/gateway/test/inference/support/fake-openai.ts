import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ChatRequest = { model: string; stream?: boolean; [field: string]: unknown };
/** What the upstream does with a request. */
export type Behaviour = (request: ChatRequest, reply: ServerResponse) => Promise<void> | void;

export type FakeOpenAi = AsyncDisposable & {
  baseUrl: string;
  /** What it was asked, in order, with its key. */
  received: { body: ChatRequest; authorization: string | undefined }[];
  behave(behaviour: Behaviour): void;
  /** Streams whose reader has gone. */
  leftCount(): number;
};

const head = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'small-v1' };
export const USAGE = { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 };

export const chunk = (delta: object, finish: string | null = null) => ({
  ...head,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage: null,
});
export const usageChunk = (usage: object = USAGE) => ({
  ...head,
  object: 'chat.completion.chunk',
  choices: [],
  usage,
});
export const frame = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
export const DONE = 'data: [DONE]\n\n';

/** `Hello there` in three tokens, streamed or not. */
export const sayHello: Behaviour = (request, reply) => {
  if (request.stream === true) {
    startStream(reply);
    const words = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hello' }),
      chunk({ content: ' there' }),
    ];
    for (const one of [...words, chunk({}, 'stop'), usageChunk()]) reply.write(frame(one));
    return void reply.end(DONE);
  }
  const message = { role: 'assistant', content: 'Hello there', refusal: null };
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
  reply.setHeader('content-type', 'application/json');
  reply.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage: USAGE }));
};

export function startStream(reply: ServerResponse): void {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** The connection ends behind what was sent, but the answer does not. */
export function cutOff(reply: ServerResponse): void {
  reply.socket?.end();
}

/** A server in the form of the OpenAI API that does as the test says. */
export async function fakeOpenAi(): Promise<FakeOpenAi> {
  let behaviour: Behaviour = sayHello;
  let leftCount = 0;
  const received: FakeOpenAi['received'] = [];
  const answer = async (request: IncomingMessage, reply: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest;
    received.push({ body, authorization: request.headers.authorization });
    reply.once('close', () => void (reply.writableFinished || (leftCount += 1)));
    await behaviour(body, reply);
  };
  const server = createServer((request, reply) => void answer(request, reply));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    behave: (next) => void (behaviour = next),
    leftCount: () => leftCount,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
