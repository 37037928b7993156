import { isObject, type Json } from '../json.ts';

/**
 * A JSON value with jq expressions in it, compiled to one jq program: evaluating it is one call, however many
 * expressions it holds. Texts of the definition never become program text; the program takes them by number.
 */
export type Template =
  | { kind: 'literal'; value: Json }
  | { kind: 'jq'; source: string; texts: readonly string[]; variables: readonly string[] };

const EXPRESSION = /^\s*\$\{([\s\S]+)\}\s*$/;
const VARIABLE = /\$(?:__loc__|([A-Za-z_][A-Za-z0-9_]*))/g;

/** Whether a text is a runtime expression, `${ … }`. */
export function isExpression(text: string): boolean {
  return EXPRESSION.test(text);
}

/** The jq text of an expression, with or without its `${ }`. */
export function expressionText(text: string): string {
  return EXPRESSION.exec(text)?.[1] ?? text;
}

/** A place where the language expects an expression (`if`, `when`, `in`, `input.from`): the `${ }` may be left out. */
export function compileExpression(text: string): Template {
  return build((texts) => expressionSource(expressionText(text), texts));
}

/** A place where it expects a value: only texts in `${ }` are expressions. */
export function compileValue(value: Json): Template {
  return holdsExpression(value) ? build((texts) => valueSource(value, texts)) : { kind: 'literal', value };
}

/** An object shapes data as a value does, a text is an expression. */
export function compileShape(value: Json): Template {
  return typeof value === 'string' ? compileExpression(value) : compileValue(value);
}

/** Every expression of a value with its place in it, for checks. */
export function* expressionsOf(value: Json, at: string): Generator<{ pointer: string; text: string }> {
  if (typeof value === 'string') {
    if (isExpression(value)) yield { pointer: at, text: expressionText(value) };
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* expressionsOf(item, `${at}/${i}`);
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) yield* expressionsOf(item, `${at}/${name}`);
  }
}

type Texts = { take(text: string): string; use(expression: string): void };

function build(write: (texts: Texts) => string): Template {
  const texts: string[] = [];
  const variables = new Set<string>();
  const source = write({
    take: (text) => `$__texts[${texts.push(text) - 1}]`,
    use: (expression) => {
      for (const [, name] of expression.matchAll(VARIABLE)) if (name !== undefined) variables.add(name);
    },
  });
  return { kind: 'jq', source, texts, variables: [...variables] };
}

function expressionSource(text: string, texts: Texts): string {
  texts.use(text);
  return `(${text}\n)`; // The line break ends a comment that the expression may end with.
}

function valueSource(value: Json, texts: Texts): string {
  if (typeof value === 'string') {
    return isExpression(value) ? expressionSource(expressionText(value), texts) : texts.take(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => valueSource(item, texts)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `(${texts.take(name)}):${valueSource(item, texts)}`);
  return `{${fields.join(',')}}`;
}

function holdsExpression(value: Json): boolean {
  if (typeof value === 'string') return isExpression(value);
  if (Array.isArray(value)) return value.some(holdsExpression);
  return isObject(value) && Object.values(value).some(holdsExpression);
}
