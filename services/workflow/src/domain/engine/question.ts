import type { Json } from '../json.ts';
import type { Template } from '../definition/templates.ts';

/**
 * What the engine cannot know by itself: the value of a jq expression, the verdict of a JSON Schema. It asks by yielding,
 * so that it stays a function of its inputs while the answers come from a worker thread with a time limit.
 */
export type Question =
  | { kind: 'evaluate'; template: Template & { kind: 'jq' }; given: Json; variables: Variables }
  | { kind: 'validate'; schema: Json; value: Json };

export type Variables = Record<string, Json>;

export type Answer =
  | { kind: 'value'; value: Json }
  | { kind: 'valid' }
  /** The expression failed or took too long, the value does not satisfy the schema: the task faults with it. */
  | { kind: 'failed'; detail: string };

/** A computation that asks on its way. */
export type Asking<T> = Generator<Question, T, Answer>;
