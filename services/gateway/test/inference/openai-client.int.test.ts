import { deferred, eventually } from '@suanli/test-kit';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tenant } from '../support/gateway-lab.ts';
import { sayHello } from './support/fake-openai.ts';
import { type InferenceLab, inferenceLab, MODEL, OFFLINE } from './support/inference-lab.ts';

let lab: InferenceLab;
let acme: Tenant;
let client: OpenAI;
beforeAll(async () => {
  lab = await inferenceLab();
  acme = await lab.openAccount();
  client = lab.client(acme);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => lab.upstream.behave(sayHello));

const messages = [{ role: 'user' as const, content: 'Hi' }];
const failureOf = async (work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw error ?? new Error('it did not fail');
  return error;
};

describe('the official OpenAI client', () => {
  it('gets an answer, under the name that it asked for', async () => {
    const answer = await client.chat.completions.create({ model: MODEL, messages });
    expect(answer.choices[0]?.message.content).toBe('Hello there');
    expect(answer).toMatchObject({ model: MODEL, object: 'chat.completion', usage: { total_tokens: 15 } });
    expect(lab.upstream.received.at(-1)).toMatchObject({
      authorization: 'Bearer sk-upstream',
      body: { model: 'small-v1' },
    });
  });

  it('waits for an answer that takes its time', async () => {
    const thought = deferred<void>();
    const asked = lab.upstream.received.length;
    lab.upstream.behave(async (request, reply) => {
      await thought.promise;
      await sayHello(request, reply);
    });
    const answer = client.chat.completions.create({ model: MODEL, messages });
    await eventually(() => lab.upstream.received.length > asked);
    thought.resolve();
    expect((await answer).choices[0]?.message.content).toBe('Hello there');
  });

  it('that leaves a call without a stream stops the upstream, and pays nothing', async () => {
    const other = await lab.openAccount();
    const leftBefore = lab.upstream.leftCount();
    const asked = lab.upstream.received.length;
    lab.upstream.behave(() => undefined);
    const leaving = new AbortController();
    const work = lab.client(other).chat.completions.create({ model: MODEL, messages }, { signal: leaving.signal });
    await eventually(() => lab.upstream.received.length > asked);
    leaving.abort();
    await expect(work).rejects.toThrow(OpenAI.APIUserAbortError);
    await eventually(() => lab.upstream.leftCount() > leftBefore);
    expect(await lab.usages(other)).toEqual([]);
  });

  it('reads a stream without a chunk of usage that it did not ask for', async () => {
    const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
    let text = '';
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1);
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe('Hello there');
  });

  it('gets one last chunk of usage when it asks', async () => {
    const options = { stream_options: { include_usage: true } };
    const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true, ...options });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.filter((chunk) => chunk.usage)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 15 } });
  });

  it.each([MODEL, OFFLINE])('is content with its stream helper on %s', async (model) => {
    const stream = client.chat.completions.stream({ model, messages });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
    expect(final.choices[0]?.message.content).not.toBe('');
  });

  it('lists the models, and finds one whose name has a slash', async () => {
    const listed = [];
    for await (const model of client.models.list()) listed.push(model.id);
    expect(listed.sort()).toEqual([MODEL, OFFLINE]);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model', owned_by: 'openai' });
    expect(await failureOf(client.models.retrieve('no/such'))).toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('sends fields that the platform does not know through to the upstream, and nulls not at all', async () => {
    const body = { model: MODEL, messages, vendor_switch: { deep: [1] }, temperature: null, stop: null, n: null };
    await client.chat.completions.create(body);
    const sent = lab.upstream.received.at(-1)?.body;
    expect(sent).toMatchObject({ vendor_switch: { deep: [1] } });
    expect(Object.keys(sent ?? {})).not.toContain('temperature');
  });
});

describe('the official OpenAI client is told', () => {
  it('that a model does not exist', async () => {
    lab.billing.unpriced.add('gpt-unknown');
    const error = await failureOf(client.chat.completions.create({ model: 'gpt-unknown', messages }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error' });
    expect(error.requestID).toMatch(/^req_/);
  });

  it('that its key is wrong', async () => {
    const stranger = new OpenAI({ baseURL: client.baseURL, apiKey: 'sak_wrong', maxRetries: 0 });
    const error = await failureOf(stranger.chat.completions.create({ model: MODEL, messages }));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error.code).toBe('invalid_api_key');
  });

  it('which parameter is wrong', async () => {
    const error = await failureOf(client.chat.completions.create({ model: MODEL, messages, max_tokens: 0 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: 'max_tokens', code: 'invalid_request' });
  });

  it('what the upstream finds wrong with the request', async () => {
    lab.upstream.behave((_request, reply) => {
      reply.writeHead(400, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ error: { message: 'top_p is too large', type: 'invalid_request_error' } }));
    });
    const error = await failureOf(client.chat.completions.create({ model: MODEL, messages, top_p: 9 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain('top_p is too large');
  });

  it.each([true, false])(
    'once that there is no money, and nothing reaches the upstream (stream: %s)',
    async (stream) => {
      const poor = await lab.openAccount(100n);
      const before = lab.upstream.received.length;
      let attempts = 0;
      const retrying = new OpenAI({
        baseURL: client.baseURL,
        apiKey: poor.key,
        maxRetries: 2,
        fetch: (url, init) => {
          attempts += 1;
          return fetch(url, init);
        },
      });
      const error = await failureOf(retrying.chat.completions.create({ model: MODEL, messages, stream }));
      expect(error).toBeInstanceOf(OpenAI.RateLimitError);
      expect(error).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota' });
      expect(error.headers?.get('x-should-retry')).toBe('false');
      expect(attempts).toBe(1);
      expect(lab.upstream.received).toHaveLength(before);
      expect(await lab.usages(poor)).toEqual([]);
    },
  );

  it.each([true, false])('that the upstream is down, and nothing is charged (stream: %s)', async (stream) => {
    const other = await lab.openAccount();
    lab.upstream.behave((_request, reply) => void reply.destroy());
    const error = await failureOf(lab.client(other).chat.completions.create({ model: MODEL, messages, stream }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'upstream_failed', type: 'server_error' });
    expect(await lab.usages(other)).toEqual([]);
  });
});
