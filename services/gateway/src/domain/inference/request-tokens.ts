import { type ChatBody, textOf } from './chat.ts';
import { countInputTokens, countTokens } from './tokens.ts';

/** Frame of the whole conversation and of what a template adds to it. */
const FRAME_TOKENS = 64;
/** An image is paid by its size in pixels, not by its bytes. */
const IMAGE_TOKENS = 4_096;
/** Fields that upstreams put before the model, beside the messages. */
const PROMPT_FIELDS = ['tools', 'functions', 'response_format'] as const;

/**
 * What the input of a call may come to at most, for the reservation: no tokenizer makes more tokens than the text has
 * bytes. The whole request is counted, for tools and schemas are input too.
 */
export function mostInputTokens(body: ChatBody): number {
  let images = 0;
  const text = JSON.stringify(body, (_key, value: unknown) => {
    if (!isImagePart(value)) return value;
    images += 1;
    return undefined;
  });
  return new TextEncoder().encode(text).length + images * IMAGE_TOKENS + FRAME_TOKENS;
}

/** What the input is counted as when the upstream does not say. */
export function ownInputTokens(body: ChatBody): number {
  const fields = PROMPT_FIELDS.map((field) => body[field]).filter((value) => value !== undefined);
  const rest = fields.reduce<number>((sum, value) => sum + countTokens(JSON.stringify(value)), 0);
  return countInputTokens(body.messages.map(textOf)) + rest;
}

function isImagePart(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'image_url';
}
