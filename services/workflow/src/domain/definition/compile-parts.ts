import { isObject, type Json, type JsonObject, pointer } from '../json.ts';
import { MAX_EXPRESSION_CHARS } from '../limits.ts';
import type { Findings } from './problems.ts';
import type { DataPort, Flow, Task, TaskList } from './program.ts';
import {
  compileExpression,
  compileShape,
  compileValue,
  expressionsOf,
  expressionText,
  type Template,
} from './templates.ts';

export type CompileContext = {
  findings: Findings;
  byPath: Map<string, Task>;
  use: { errors: JsonObject; retries: JsonObject };
  /** Names that enclosing loops and catch clauses bind. */
  variables: readonly string[];
  parent?: Task;
  /** The compiler of task lists, handed down: tasks hold tasks. */
  compileTasks(value: Json | undefined, at: string, context: CompileContext): TaskList | undefined;
  /** How deep this list lies. */
  nesting?: number;
};

const BOUND = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = ['context', 'input', 'output', 'task', 'workflow', 'runtime', 'secrets', 'ENV', '__texts', '__given'];

/** `input: {schema, from}`, `output` and `export`: `{as, schema}`. */
export function compilePort(
  value: Json | undefined,
  at: string,
  key: 'from' | 'as',
  context: CompileContext,
): DataPort {
  if (value === undefined) return {};
  const { findings } = context;
  const port = findings.object(value, at);
  if (port === undefined) return {};
  findings.onlyKeys(port, at, [key, 'schema']);
  const schema = compileSchema(port['schema'], pointer(at, 'schema'), findings);
  const raw = port[key];
  if (raw !== undefined && typeof raw !== 'string' && !isObject(raw)) {
    findings.note(pointer(at, key), 'must be an expression or an object');
  }
  const shape = raw === undefined ? undefined : shapeOf(raw, pointer(at, key), context);
  return { ...(shape && { shape }), ...(schema !== undefined && { schema }) };
}

function compileSchema(value: Json | undefined, at: string, findings: Findings): Json | undefined {
  if (value === undefined) return undefined;
  const schema = findings.object(value, at);
  if (schema === undefined) return undefined;
  findings.onlyKeys(schema, at, ['format', 'document']);
  const format = schema['format'];
  if (format !== undefined && !(typeof format === 'string' && /^json(:.*)?$/.test(format))) {
    return findings.note(pointer(at, 'format'), 'only JSON Schema ("json") is part of the profile');
  }
  return isObject(schema['document'])
    ? schema['document']
    : findings.note(pointer(at, 'document'), 'must be a JSON Schema');
}

export function compileFlow(value: Json | undefined, at: string, names: readonly string[], findings: Findings): Flow {
  if (value === undefined || value === 'continue') return { kind: 'continue' };
  if (value === 'exit' || value === 'end') return { kind: value };
  if (typeof value === 'string' && names.includes(value)) return { kind: 'goto', name: value };
  findings.note(at, 'must be "continue", "exit", "end" or the name of a task in the same list');
  return { kind: 'continue' };
}

/** A field that holds an expression, with or without `${ }`. */
export function expression(value: Json, at: string, context: CompileContext): Template | undefined {
  if (typeof value !== 'string' || value.trim() === '') return context.findings.note(at, 'must be an expression');
  found(expressionText(value), at, context);
  return compileExpression(value);
}

/** A field that holds a value, in which texts of the form `${ … }` are expressions. */
export function valueOf(value: Json, at: string, context: CompileContext): Template {
  for (const { pointer: place, text } of expressionsOf(value, at)) found(text, place, context);
  return compileValue(value);
}

function shapeOf(value: Json, at: string, context: CompileContext): Template {
  if (typeof value === 'string') found(expressionText(value), at, context);
  else for (const { pointer: place, text } of expressionsOf(value, at)) found(text, place, context);
  return compileShape(value);
}

function found(text: string, at: string, context: CompileContext): void {
  if (text.length > MAX_EXPRESSION_CHARS) {
    context.findings.note(at, `an expression has at most ${MAX_EXPRESSION_CHARS} characters`);
    return;
  }
  context.findings.expressions.push({ pointer: at, text, variables: context.variables });
}

/** The name of a variable that a task binds. */
export function boundName(value: Json | undefined, fallback: string, at: string, context: CompileContext): string {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && BOUND.test(value) && !RESERVED.includes(value)) return value;
  context.findings.note(at, 'must be a name for a variable: letters, digits and "_", none of the standard ones');
  return fallback;
}
