import OpenAI from 'openai';
import { check, present, until } from '../check.ts';
import type { Api } from '../rest/api.ts';
import type { BillLine } from '../rest/views.ts';

const QUESTION =
  'The Grand Canal joins Beijing and Hangzhou. It was dug over a thousand years. Barges carry coal and grain on it. ' +
  'Say in two sentences what the Grand Canal is for.';
const RATED_WITHIN_MS = 30_000;

type Usage = { prompt_tokens: number; completion_tokens: number };

/** Calls a model with the official client, in one piece and as a stream; both calls are paid by their tokens. */
export async function chat(api: Api): Promise<string> {
  const client = new OpenAI({ baseURL: `${api.target.url}/v1`, apiKey: api.target.apiKey });
  const models = await client.models.list();
  const model = present(models.data[0]?.id, 'a model');
  const before = await tokensBilled(api, model);
  const whole = await client.chat.completions.create({ model, messages: [{ role: 'user', content: QUESTION }] });
  const text = present(whole.choices[0]?.message.content, 'the answer of the model');
  check(text.length > 0, 'the model answered nothing');
  const usages: Usage[] = [present(whole.usage, 'the usage of the answer'), await streamed(client, model)];
  const spoken = usages.reduce((sum, usage) => sum + usage.prompt_tokens + usage.completion_tokens, 0);
  await until(
    `a bill of ${spoken} tokens`,
    RATED_WITHIN_MS,
    async () => (await tokensBilled(api, model)) - before,
    (billed) => billed === BigInt(spoken),
  );
  return `${model}: ${spoken} tokens over two calls, in one piece and streamed; all of them billed`;
}

async function streamed(client: OpenAI, model: string): Promise<Usage> {
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: QUESTION }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let usage: Usage | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  check(text.length > 0, 'the stream held no text');
  return present(usage, 'the usage at the end of the stream');
}

/** Calls of a day share a bill line, so it is what was added that counts. */
async function tokensBilled(api: Api, model: string): Promise<bigint> {
  const lines = await api.list<BillLine>('/v1/bill-lines');
  return lines
    .filter((line) => line.meter.startsWith('tokens_') && line.item === model)
    .reduce((sum, line) => sum + BigInt(line.quantity), 0n);
}
