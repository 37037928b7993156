import type { Json } from '../json.ts';
import type { Duration } from './durations.ts';
import type { Template } from './templates.ts';

/**
 * A definition, compiled: names resolved, expressions found, everything outside the profile refused. Built anew from the
 * pinned document whenever it is needed, so it may change shape between releases.
 */
export type Program = {
  document: { dsl: string; namespace: string; name: string; version: string };
  input: DataPort;
  output: DataPort;
  tasks: TaskList;
  /** Every task at every depth, by its JSON pointer. */
  byPath: ReadonlyMap<string, Task>;
  /** The document itself, for `$workflow.definition`. */
  source: Json;
};

/** A template that shapes data and a JSON Schema that it must satisfy. For `input` the schema comes first. */
export type DataPort = { shape?: Template; schema?: Json };

/** Tasks that run one after another. */
export type TaskList = readonly Task[];

export type Flow = { kind: 'continue' } | { kind: 'exit' } | { kind: 'end' } | { kind: 'goto'; name: string };

export type Task = {
  name: string;
  /** JSON pointer in the document, for example `/do/2/draft`. */
  path: string;
  /** Place in its list. */
  index: number;
  siblings: TaskList;
  /** The task that holds it. */
  parent?: Task;
  condition?: Template;
  input: DataPort;
  output: DataPort;
  export: DataPort;
  then: Flow;
  body: TaskBody;
  source: Json;
};

export type TaskBody =
  | { kind: 'set'; value: Template }
  | { kind: 'switch'; cases: readonly { when?: Template; then: Flow }[] }
  | { kind: 'raise'; error: Template }
  | { kind: 'wait'; duration: Duration }
  | { kind: 'call'; function: FunctionName; arguments: Template }
  | { kind: 'do'; tasks: TaskList }
  | { kind: 'for'; each: string; at: string; in: Template; while?: Template; maxIterations: number; tasks: TaskList }
  | { kind: 'try'; tasks: TaskList; catch: CatchClause }
  | { kind: 'fork'; branches: TaskList; isCompeting: boolean };

export type TaskKind = TaskBody['kind'];

export const FUNCTIONS = ['llm.chat', 'human.review', 'retrieve.search', 'job.run'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export type CatchClause = {
  /** Absent matches every error. */
  filter?: ErrorFilter;
  as: string;
  when?: Template;
  exceptWhen?: Template;
  retry?: RetryPolicy;
  tasks?: TaskList;
};

export type ErrorFilter = { type?: string; status?: number; instance?: string; title?: string; detail?: string };

export type RetryPolicy = {
  when?: Template;
  exceptWhen?: Template;
  delay: Duration;
  backoff: 'constant' | 'linear' | 'exponential';
  maxRetries: number;
  /** No retry starts later than this after the first failure. */
  maxTotal?: Duration;
  jitter?: { from: Duration; to: Duration };
};

/** Whether the task is run by what it holds. */
export function isFrame(task: Task): boolean {
  return ['do', 'for', 'try', 'fork'].includes(task.body.kind);
}

/** Whether the task does something outside of the run, that costs or cannot be taken back. */
export function hasEffect(task: Task): boolean {
  return task.body.kind === 'call' && task.body.function !== 'human.review';
}
