import { createParser } from 'eventsource-parser';
import { type Dispatcher, request } from 'undici';
import { type StreamChunk, type Upstream, UpstreamFailed, type WireObject } from '../../app/inference/ports.ts';
import type { ChatBody, TokenUsage } from '../../domain/inference/chat.ts';

/** First byte of an answer, and silence in the middle of one. */
const HEADERS_TIMEOUT_MS = 120_000;
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;

export type OpenAiUpstreamOptions = { name: string; baseUrl: string; apiKey: string | undefined };

/** Any server that speaks the OpenAI API. Set by the operator, so its address is not a user's. */
export function openAiUpstream({ name, baseUrl, apiKey }: OpenAiUpstreamOptions): Upstream {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`;
  const post = async (body: ChatBody, signal: AbortSignal): Promise<Dispatcher.ResponseData['body']> => {
    const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const headers = { 'content-type': 'application/json', ...authorization };
    const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS };
    const reply = await request(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      ...timeouts,
    }).catch((error: unknown) => {
      throw new UpstreamFailed(`${name} cannot be reached`, undefined, undefined, error);
    });
    if (reply.statusCode < 300) return reply.body;
    throw new UpstreamFailed(
      `${name} answered ${reply.statusCode}`,
      reply.statusCode,
      parseObject(await readBounded(reply.body, name)),
    );
  };

  return {
    name,
    async complete(body, signal) {
      const answer = parseObject(await readBounded(await post({ ...body, stream: false }, signal), name));
      if (answer === undefined) throw new UpstreamFailed(`${name} did not answer JSON`);
      return { body: answer, text: contentOf(answer, 'message'), usage: usageOf(answer) };
    },
    async *stream(body, signal) {
      yield* readChunks(await post(body, signal), name);
    },
  };
}

/** Frames may be cut anywhere by the transport; the parser puts them together. */
async function* readChunks(body: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<StreamChunk> {
  const frames: string[] = [];
  const parser = createParser({ onEvent: (event) => frames.push(event.data) });
  const decoder = new TextDecoder();
  let isDone = false;
  try {
    for await (const bytes of body) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      for (const frame of frames.splice(0)) {
        if (frame === '[DONE]') isDone = true;
        else yield toChunk(frame, name);
      }
    }
  } catch (error) {
    if (error instanceof UpstreamFailed) throw error;
    throw new UpstreamFailed(`${name} broke off`, undefined, undefined, error);
  }
  if (!isDone) throw new UpstreamFailed(`${name} ended its stream early`);
}

function toChunk(frame: string, name: string): StreamChunk {
  const body = parseObject(frame);
  if (body === undefined) throw new UpstreamFailed(`${name} sent a chunk that is not JSON`);
  if (body['error'] !== undefined) throw new UpstreamFailed(`${name} failed in the middle`, undefined, body);
  return { body, text: contentOf(body, 'delta'), usage: usageOf(body) };
}

async function readBounded(body: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes > MAX_ANSWER_BYTES) throw new UpstreamFailed(`${name} answered more than ${MAX_ANSWER_BYTES} bytes`);
    }
  } catch (error) {
    if (error instanceof UpstreamFailed) throw error;
    throw new UpstreamFailed(`${name} broke off`, undefined, undefined, error);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseObject(text: string): WireObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as WireObject) : undefined;
  } catch {
    return undefined; // Not JSON: the caller says what that means.
  }
}

function contentOf(body: WireObject, field: 'message' | 'delta'): string {
  const choices = Array.isArray(body['choices'])
    ? (body['choices'] as Record<string, { content?: unknown } | undefined>[])
    : [];
  return choices
    .map((choice) => choice[field]?.content)
    .filter((content) => typeof content === 'string')
    .join('');
}

function usageOf(body: WireObject): TokenUsage | undefined {
  const usage = body['usage'] as { prompt_tokens?: unknown; completion_tokens?: unknown } | null | undefined;
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage ?? {};
  const areCounts = [inputTokens, outputTokens].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return areCounts ? { inputTokens: inputTokens as number, outputTokens: outputTokens as number } : undefined;
}
