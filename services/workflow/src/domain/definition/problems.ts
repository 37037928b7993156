import { isObject, type Json, type JsonObject, pointer } from '../json.ts';

/** What is wrong with a definition, and where: a JSON pointer. */
export type Problem = { pointer: string; message: string };

/** An expression to be tried in the jq compiler, with the variables that it may use beside the standard ones. */
export type FoundExpression = { pointer: string; text: string; variables: readonly string[] };

const MAX_PROBLEMS = 50;

/** Collects what a walk over a document finds. Every `expect…` notes a problem and gives undefined when it fails. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly expressions: FoundExpression[] = [];

  note(at: string, message: string): undefined {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ pointer: at, message });
    return undefined;
  }

  object(value: Json | undefined, at: string, what = 'must be an object'): JsonObject | undefined {
    return isObject(value) ? value : this.note(at, what);
  }

  text(value: Json | undefined, at: string): string | undefined {
    return typeof value === 'string' && value !== '' ? value : this.note(at, 'must be text');
  }

  /** Refuses fields that the profile does not have. */
  onlyKeys(value: JsonObject, at: string, allowed: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key)) this.note(pointer(at, key), `"${key}" is not part of the profile`);
    }
  }
}
