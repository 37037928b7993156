import type { Json, JsonObject } from '../domain/json.ts';

let versions = 0;

/** A definition of its own version around a list of tasks. */
export function aDefinition(tasks: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  versions += 1;
  const document = { dsl: '1.0.3', namespace: 'test', name: 'flow', version: `1.0.${versions}` };
  return { document, do: [...tasks], ...more };
}

export function aChat(prompt: Json = 'Write.', more: JsonObject = {}): JsonObject {
  return { call: 'llm.chat', with: { prompt }, ...more };
}

export function aReview(subject: Json = '${ . }', more: JsonObject = {}): JsonObject {
  return { call: 'human.review', with: { subject, ...more } };
}

/** Appends a word to `.log`. */
export function says(word: string, more: JsonObject = {}): JsonObject {
  return { set: { log: `\${ .log + ["${word}"] }` }, ...more };
}
