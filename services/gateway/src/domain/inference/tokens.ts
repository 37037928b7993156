import type { ChatMessage } from './chat.ts';

/** Characters of scripts without spaces: each is counted as one token. */
const IDEOGRAPHS = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/gu;
/** Mean length of a token of spaced scripts, in characters. */
const CHARS_PER_TOKEN = 4;
/** Frame of one message: role and separators. */
const TOKENS_PER_MESSAGE = 4;

/**
 * Counts tokens where no upstream does: one per ideograph, one per four other characters, rounded up. This *is* the
 * tokenizer of the offline writer; of other models it is an estimate, used when it reports none and when a stream breaks.
 */
export function countTokens(text: string): number {
  const ideographs = text.match(IDEOGRAPHS)?.length ?? 0;
  return ideographs + Math.ceil((text.length - ideographs) / CHARS_PER_TOKEN);
}

export function countInputTokens(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, message) => sum + TOKENS_PER_MESSAGE + countTokens(message.content), 0);
}
