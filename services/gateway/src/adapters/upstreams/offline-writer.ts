import type { Clock, IdSource } from '@suanli/kernel';
import type { Upstream, WireObject } from '../../app/inference/ports.ts';
import { type ChatBody, DEFAULT_MAX_OUTPUT_TOKENS, maxOutputTokensOf, textOf } from '../../domain/inference/chat.ts';
import { writeOffline } from '../../domain/inference/offline-writer.ts';
import { countInputTokens, countTokens } from '../../domain/inference/tokens.ts';

export const OFFLINE_WRITER = 'offline-writer';
/** Words that one chunk of a stream carries. */
const WORDS_PER_CHUNK = 4;

/** The built-in upstream, for a platform that has no model yet: see its card. */
export function offlineWriter({ clock, ids }: { clock: Clock; ids: IdSource }): Upstream {
  const head = (body: ChatBody, object: string): WireObject => ({
    id: ids.next('chatcmpl'),
    object,
    created: Math.floor(clock.now() / 1000),
    model: body.model,
  });
  const write = (body: ChatBody) => {
    const messages = body.messages.map(textOf);
    const limit = maxOutputTokensOf(body) ?? DEFAULT_MAX_OUTPUT_TOKENS;
    const text = writeOffline(messages, limit);
    const usage = { inputTokens: countInputTokens(messages), outputTokens: countTokens(text) };
    return { text, usage, finishReason: usage.outputTokens >= limit ? 'length' : 'stop' };
  };

  return {
    name: OFFLINE_WRITER,
    async complete(body) {
      const { text, usage, finishReason } = write(body);
      const message = { role: 'assistant', content: text, refusal: null };
      const choices = [{ index: 0, message, finish_reason: finishReason, logprobs: null }];
      return { body: { ...head(body, 'chat.completion'), choices, usage: toWire(usage) }, text, usage };
    },
    async *stream(body, signal) {
      const { text, usage, finishReason } = write(body);
      const base = head(body, 'chat.completion.chunk');
      const chunk = (delta: object, finish: string | null, content = '') => ({
        body: { ...base, choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }], usage: null },
        text: content,
        usage: undefined,
      });
      yield chunk({ role: 'assistant', content: '' }, null);
      for (const content of piecesOf(text)) {
        if (signal.aborted) return;
        yield chunk({ content }, null, content);
      }
      yield chunk({}, finishReason);
      yield { body: { ...base, choices: [], usage: toWire(usage) }, text: '', usage };
    },
  };
}

function piecesOf(text: string): string[] {
  const words = text.match(/\s*\S+\s*?/g) ?? [];
  return Array.from({ length: Math.ceil(words.length / WORDS_PER_CHUNK) }, (_, i) =>
    words.slice(i * WORDS_PER_CHUNK, (i + 1) * WORDS_PER_CHUNK).join(''),
  );
}

function toWire({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): WireObject {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
