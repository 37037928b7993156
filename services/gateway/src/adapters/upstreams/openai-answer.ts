import type { AnswerPart, WireObject } from '../../app/inference/ports.ts';
import type { TokenUsage } from '../../domain/inference/chat.ts';

/** Members of a message that hold what the model has produced, at any depth. The others are names and marks. */
const PRODUCED = new Set([
  ...['content', 'text', 'refusal', 'reasoning', 'reasoning_content'],
  ...['tool_calls', 'function_call', 'function', 'name', 'arguments'],
]);

/** An answer, or a chunk of one, as the platform needs to read it. */
export function readAnswer(body: WireObject, field: 'message' | 'delta'): AnswerPart {
  const choices = Array.isArray(body['choices']) ? (body['choices'] as (WireObject | null)[]) : [];
  return { body, text: choices.map((choice) => producedIn(choice?.[field])).join(''), usage: usageOf(body) };
}

export function parseObject(text: string): WireObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as WireObject) : undefined;
  } catch {
    return undefined; // Not JSON: the caller says what that means.
  }
}

function producedIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(producedIn).join('');
  if (typeof value !== 'object' || value === null) return '';
  const members = Object.entries(value).filter(([name]) => PRODUCED.has(name));
  return members.map(([, member]) => producedIn(member)).join('');
}

/** Undefined also when the prompt is counted as nothing: some upstreams send zeros until they know. */
function usageOf(body: WireObject): TokenUsage | undefined {
  const usage = body['usage'] as { prompt_tokens?: unknown; completion_tokens?: unknown } | null | undefined;
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens) || inputTokens === 0) return undefined;
  return { inputTokens, outputTokens };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
