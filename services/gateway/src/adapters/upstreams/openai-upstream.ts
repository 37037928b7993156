import { createParser } from 'eventsource-parser';
import { type Dispatcher, request } from 'undici';
import { type AnswerPart, type Upstream, UpstreamFailed } from '../../app/inference/ports.ts';
import type { ChatBody } from '../../domain/inference/chat.ts';
import { parseObject, readAnswer } from './openai-answer.ts';

/** First byte of an answer, and silence in the middle of one. */
const HEADERS_TIMEOUT_MS = 120_000;
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;
/** Characters of one frame of a stream. */
const MAX_FRAME_CHARS = 4 * 1024 ** 2;

/** What may follow the last word of a stream. */
const MAX_TAIL_BYTES = 1_024;
const TAIL_TIMEOUT_MS = 1_000;

export type OpenAiUpstreamOptions = { name: string; baseUrl: string; apiKey: string | undefined };
type Body = Dispatcher.ResponseData['body'];

/** Any server that speaks the OpenAI API. Set by the operator, so its address is not a user's. */
export function openAiUpstream({ name, baseUrl, apiKey }: OpenAiUpstreamOptions): Upstream {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`;
  const post = async (body: ChatBody, signal: AbortSignal): Promise<Body> => {
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
    // Whoever reads the body hears its errors; one that comes when nobody reads any more is nobody's.
    reply.body.on('error', () => undefined);
    if (reply.statusCode < 300) return reply.body;
    const said = parseObject(await readBounded(reply.body, name));
    throw new UpstreamFailed(`${name} answered ${reply.statusCode}`, reply.statusCode, said);
  };

  return {
    name,
    async complete(body, signal) {
      const answer = parseObject(await readBounded(await post({ ...body, stream: false }, signal), name));
      if (answer === undefined) throw new UpstreamFailed(`${name} did not answer JSON`);
      if (!Array.isArray(answer['choices'])) throw new UpstreamFailed(`${name} answered without choices`);
      return readAnswer(answer, 'message');
    },
    async *stream(body, signal) {
      yield* readChunks(await post(body, signal), name);
    },
  };
}

/** Frames may be cut anywhere by the transport; the parser puts them together. */
async function* readChunks(body: Body, name: string): AsyncGenerator<AnswerPart> {
  const frames: string[] = [];
  const parser = createParser({ onEvent: (event) => frames.push(event.data), maxBufferSize: MAX_FRAME_CHARS });
  const decoder = new TextDecoder();
  let isDone = false;
  try {
    for await (const bytes of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      for (const frame of frames.splice(0)) {
        isDone = frame === '[DONE]';
        if (isDone) return;
        yield toChunk(frame, name);
      }
    }
  } catch (error) {
    if (error instanceof UpstreamFailed) throw error;
    throw new UpstreamFailed(`${name} broke off`, undefined, undefined, error);
  } finally {
    if (isDone) leaveConnection(body);
    else body.destroy();
  }
  throw new UpstreamFailed(`${name} ended its stream early`);
}

/** The end after the last word is not waited for, since some upstreams keep the connection open, but used when it comes. */
function leaveConnection(body: Body): void {
  body.dump({ limit: MAX_TAIL_BYTES, signal: AbortSignal.timeout(TAIL_TIMEOUT_MS) }).catch(() => body.destroy());
}

function toChunk(frame: string, name: string): AnswerPart {
  const body = parseObject(frame);
  if (body === undefined) throw new UpstreamFailed(`${name} sent a chunk that is not JSON`);
  if (body['error'] != null) throw new UpstreamFailed(`${name} failed in the middle`, undefined, body);
  return readAnswer(body, 'delta');
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
