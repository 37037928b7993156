import { eventually } from '@suanli/test-kit';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chunk, cutOff, DONE, frame, sayHello, startStream, USAGE, usageChunk } from './support/fake-openai.ts';
import { type InferenceLab, inferenceLab, MODEL } from './support/inference-lab.ts';

let lab: InferenceLab;
beforeAll(async () => {
  lab = await inferenceLab();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => lab.upstream.behave(sayHello));

/** Ten tokens by the platform's own count: 4 for the frame of the message, 6 for its text. */
const messages = [{ role: 'user' as const, content: 'x'.repeat(24) }];
const openStream = (client: OpenAI) => client.chat.completions.create({ model: MODEL, messages, stream: true });

async function readText(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<{ text: string; error: unknown }> {
  let text = '';
  try {
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  } catch (error) {
    return { text, error };
  }
  return { text, error: undefined };
}
const quantities = async (tenant: Parameters<InferenceLab['usages']>[0]) =>
  (await lab.usages(tenant)).map(({ readings }) => readings.map(({ quantity }) => Number(quantity)));

describe('a model stream', () => {
  it('is charged by the upstream’s count, and the event reaches the broker', async () => {
    const tenant = await lab.openAccount();
    expect(await readText(await openStream(lab.client(tenant)))).toEqual({ text: 'Hello there', error: undefined });
    expect(await quantities(tenant)).toEqual([[USAGE.prompt_tokens, USAGE.completion_tokens]]);
    const [usage] = await lab.usages(tenant);
    expect(usage).toMatchObject({ sourceKind: 'inference', item: MODEL, tenant: { workspaceId: tenant.workspaceId } });
    const sent = () =>
      lab.lab.database.db.$client.query('select 1 from outbox where id = $1 and sent_at is not null', [usage?.usageId]);
    await eventually(async () => expect((await sent()).rowCount).toBe(1));
  });

  it('is charged for what was produced when the upstream breaks off in the middle, and the client is told', async () => {
    const tenant = await lab.openAccount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.write(frame(chunk({ role: 'assistant', content: '12345678' })));
      reply.write(frame(chunk({ content: '1234' })));
      cutOff(reply);
    });
    const { text, error } = await readText(await openStream(lab.client(tenant)));
    expect(text).toBe('123456781234');
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: 'upstream_failed' });
    expect(await quantities(tenant)).toEqual([[10, 3]]);
  });

  it('that ends without its last word is not taken for whole', async () => {
    const tenant = await lab.openAccount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.end(frame(chunk({ role: 'assistant', content: '12345678' })));
    });
    expect((await readText(await openStream(lab.client(tenant)))).error).toMatchObject({ code: 'upstream_failed' });
    expect(await quantities(tenant)).toEqual([[10, 2]]);
  });

  it.each([
    ['an error of the upstream', frame({ error: { message: 'overloaded' } })],
    ['something that is no JSON', 'data: {"choices": [\n\n'],
  ])('with %s in the middle is charged for what came before', async (_story, bad) => {
    const tenant = await lab.openAccount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.end(frame(chunk({ role: 'assistant', content: '12345678' })) + bad + DONE);
    });
    expect((await readText(await openStream(lab.client(tenant)))).error).toMatchObject({ code: 'upstream_failed' });
    expect(await quantities(tenant)).toEqual([[10, 2]]);
  });

  it('whose frames are split anywhere by the transport loses neither text nor usage', async () => {
    const tenant = await lab.openAccount();
    lab.upstream.behave(async (_request, reply) => {
      startStream(reply);
      const text = [chunk({ role: 'assistant', content: '算力' }), chunk({ content: '中国' }), chunk({}, 'stop')];
      const bytes = Buffer.from([...text, usageChunk()].map(frame).join('') + DONE);
      // One byte after another, so also in the middle of a character.
      for (const byte of bytes) await new Promise((resolve) => reply.write(Buffer.of(byte), resolve));
      reply.end();
    });
    expect(await readText(await openStream(lab.client(tenant)))).toEqual({ text: '算力中国', error: undefined });
    expect(await quantities(tenant)).toEqual([[USAGE.prompt_tokens, USAGE.completion_tokens]]);
  });

  it('does not wait for an upstream that keeps the connection open after its last word', async () => {
    const tenant = await lab.openAccount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.write(frame(chunk({ role: 'assistant', content: 'Hi' }, 'stop')) + frame(usageChunk()) + DONE);
    });
    expect(await readText(await openStream(lab.client(tenant)))).toEqual({ text: 'Hi', error: undefined });
    expect(await quantities(tenant)).toHaveLength(1);
  });

  it('whose client leaves in the middle is charged for what was produced, and the upstream stops', async () => {
    const tenant = await lab.openAccount();
    const leftBefore = lab.upstream.leftCount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.write(frame(chunk({ role: 'assistant', content: '12345678' })));
    });
    const stream = await openStream(lab.client(tenant));
    for await (const one of stream) if (one.choices[0]?.delta.content !== '') break;
    await eventually(async () => expect(await quantities(tenant)).toEqual([[10, 2]]));
    await eventually(() => lab.upstream.leftCount() === leftBefore + 1);
  });

  it('of tool calls is charged for their arguments when it is cut', async () => {
    const tenant = await lab.openAccount();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":11}' } };
      reply.write(frame(chunk({ role: 'assistant', content: null, tool_calls: [call] })));
      cutOff(reply);
    });
    expect((await readText(await openStream(lab.client(tenant)))).error).toBeDefined();
    expect(await quantities(tenant)).toEqual([[10, 3]]);
  });

  it('repeated under one Idempotency-Key is paid each time it is made', async () => {
    const tenant = await lab.openAccount();
    const headers = { 'idempotency-key': 'the-same' };
    for (const content of ['one', 'two']) {
      const body = { model: MODEL, messages: [{ role: 'user' as const, content }], stream: true as const };
      await readText(await lab.client(tenant).chat.completions.create(body, { headers }));
    }
    expect(await quantities(tenant)).toHaveLength(2);
  });

  it('that the platform ends says so, and is charged for what was produced', async () => {
    const tenant = await lab.openAccount();
    const gateway = await lab.startReplica();
    lab.upstream.behave((_request, reply) => {
      startStream(reply);
      reply.write(frame(chunk({ role: 'assistant', content: '12345678' })));
    });
    const stream = await openStream(lab.client(tenant, { gateway }));
    const read = readText(stream);
    await gateway[Symbol.asyncDispose]();
    expect((await read).error).toBeInstanceOf(OpenAI.APIError);
    expect(await quantities(tenant)).toEqual([[10, 2]]);
  });
});
