/** One turn of a conversation, as far as the platform reads it. */
export type ChatMessage = { role: string; content: string };

/** A request in the form of the OpenAI API. Fields that the platform does not know pass to the upstream unchanged. */
export type ChatBody = { model: string; messages: readonly unknown[]; [field: string]: unknown };

/** Tokens of one call, as the upstream counts them where it does. */
export type TokenUsage = { inputTokens: number; outputTokens: number };

/** Where the output ends when the caller names no limit. Sent to the upstream too: what is not reserved is not made. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 1_024;
const MAX_OUTPUT_TOKENS = 131_072;

/** The limit that the caller has set under either of its names, or undefined. */
export function maxOutputTokensOf(body: ChatBody): number | undefined {
  const limit = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof limit === 'number' && Number.isInteger(limit) && limit > 0
    ? Math.min(limit, MAX_OUTPUT_TOKENS)
    : undefined;
}

/** The same request with this limit, under the one name that the caller used: upstreams refuse both at once. */
export function withOutputLimit(body: ChatBody, maxOutputTokens: number): ChatBody {
  const { max_tokens: _short, max_completion_tokens: long, ...rest } = body;
  const name = typeof long === 'number' ? 'max_completion_tokens' : 'max_tokens';
  return { ...rest, model: body.model, messages: body.messages, [name]: maxOutputTokens };
}

/** All text of a message, whether its content is a string or a list of parts. */
export function textOf(message: unknown): ChatMessage {
  const { role, content } = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
  const parts = Array.isArray(content) ? (content as unknown[]) : [content];
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const { text } = (typeof part === 'object' && part !== null ? part : {}) as Record<string, unknown>;
    return typeof text === 'string' ? text : '';
  });
  return { role: typeof role === 'string' ? role : 'user', content: texts.join('\n') };
}
