import { isObject, type Json, type JsonObject, pointer } from '../json.ts';
import { DEFAULT_RETRIES, MAX_RETRIES, MAX_WAIT_MS } from '../limits.ts';
import { boundName, type CompileContext, expression } from './compile-parts.ts';
import { compileDuration, type Duration } from './durations.ts';
import type { CatchClause, ErrorFilter, RetryPolicy } from './program.ts';

const FILTER_KEYS = ['type', 'status', 'instance', 'title', 'detail', 'details'];

export function compileCatch(value: Json | undefined, at: string, context: CompileContext): CatchClause | undefined {
  const { findings } = context;
  const clause = findings.object(value, at);
  if (clause === undefined) return undefined;
  findings.onlyKeys(clause, at, ['errors', 'as', 'when', 'exceptWhen', 'retry', 'do']);
  const as = boundName(clause['as'], 'error', pointer(at, 'as'), context);
  const inner = { ...context, variables: [...context.variables, as] };
  const filter = compileFilter(clause['errors'], pointer(at, 'errors'), context);
  const retry = compileRetry(clause['retry'], pointer(at, 'retry'), inner);
  const tasks = clause['do'] === undefined ? undefined : inner.compileTasks(clause['do'], pointer(at, 'do'), inner);
  return {
    as,
    ...(filter && { filter }),
    ...conditions(clause, at, inner),
    ...(retry && { retry }),
    ...(tasks && { tasks }),
  };
}

function conditions(fields: JsonObject, at: string, context: CompileContext) {
  const read = (key: 'when' | 'exceptWhen') => {
    const value = fields[key];
    const template = value === undefined ? undefined : expression(value, pointer(at, key), context);
    return template === undefined ? {} : { [key]: template };
  };
  return { ...read('when'), ...read('exceptWhen') };
}

function compileFilter(value: Json | undefined, at: string, context: CompileContext): ErrorFilter | undefined {
  if (value === undefined) return undefined;
  const { findings } = context;
  const errors = findings.object(value, at);
  if (errors === undefined) return undefined;
  findings.onlyKeys(errors, at, ['with']);
  const place = pointer(at, 'with');
  const filter = findings.object(errors['with'], place);
  if (filter === undefined) return undefined;
  findings.onlyKeys(filter, place, FILTER_KEYS);
  const { details, ...rest } = filter;
  for (const [key, expected] of Object.entries(filter)) {
    const isRight = key === 'status' ? Number.isInteger(expected) : typeof expected === 'string';
    if (!isRight) findings.note(pointer(place, key), key === 'status' ? 'must be a whole number' : 'must be text');
  }
  return { ...rest, ...(details !== undefined && { detail: details }) } as ErrorFilter;
}

function compileRetry(value: Json | undefined, at: string, context: CompileContext): RetryPolicy | undefined {
  if (value === undefined) return undefined;
  const { findings } = context;
  const named = typeof value === 'string' ? context.use.retries[value] : value;
  const policy = findings.object(named, at, 'must be a retry policy, or the name of one in /use/retries');
  if (policy === undefined) return undefined;
  findings.onlyKeys(policy, at, ['when', 'exceptWhen', 'delay', 'backoff', 'limit', 'jitter']);
  const limit = compileLimit(policy['limit'], pointer(at, 'limit'), context);
  const jitter = compileJitter(policy['jitter'], pointer(at, 'jitter'), context);
  return {
    delay: duration(policy['delay'], pointer(at, 'delay'), context),
    backoff: compileBackoff(policy['backoff'], pointer(at, 'backoff'), context),
    ...limit,
    ...(jitter && { jitter }),
    ...conditions(policy, at, context),
  };
}

function compileBackoff(value: Json | undefined, at: string, context: CompileContext): RetryPolicy['backoff'] {
  if (value === undefined) return 'constant';
  const kinds = ['constant', 'linear', 'exponential'] as const;
  const keys = isObject(value) ? Object.keys(value) : [];
  const kind = kinds.find((known) => keys.length === 1 && keys[0] === known);
  if (kind === undefined) context.findings.note(at, `must be {${kinds.join(': {}}, {')}: {}}`);
  return kind ?? 'constant';
}

function compileLimit(value: Json | undefined, at: string, context: CompileContext) {
  const { findings } = context;
  if (value === undefined) return { maxRetries: DEFAULT_RETRIES };
  const limit = findings.object(value, at) ?? {};
  findings.onlyKeys(limit, at, ['attempt', 'duration']);
  const attempt =
    limit['attempt'] === undefined ? {} : (findings.object(limit['attempt'], pointer(at, 'attempt')) ?? {});
  findings.onlyKeys(attempt, pointer(at, 'attempt'), ['count']);
  const count = attempt['count'] ?? DEFAULT_RETRIES;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MAX_RETRIES;
  if (!isCount)
    findings.note(pointer(pointer(at, 'attempt'), 'count'), `must be a whole number from 0 to ${MAX_RETRIES}`);
  const maxRetries = isCount ? count : DEFAULT_RETRIES;
  if (limit['duration'] === undefined) return { maxRetries };
  return { maxRetries, maxTotal: duration(limit['duration'], pointer(at, 'duration'), context) };
}

function compileJitter(value: Json | undefined, at: string, context: CompileContext) {
  if (value === undefined) return undefined;
  const jitter = context.findings.object(value, at);
  if (jitter === undefined) return undefined;
  context.findings.onlyKeys(jitter, at, ['from', 'to']);
  return {
    from: duration(jitter['from'], pointer(at, 'from'), context),
    to: duration(jitter['to'], pointer(at, 'to'), context),
  };
}

function duration(value: Json | undefined, at: string, context: CompileContext): Duration {
  const none: Duration = { kind: 'fixed', ms: 0 };
  if (value === undefined) return none;
  const compiled = compileDuration(value, MAX_WAIT_MS);
  if (compiled === undefined) context.findings.note(at, 'must be a duration of at most a year: {seconds: 5} or "PT5S"');
  if (compiled?.kind === 'computed') expression(value, at, context);
  return compiled ?? none;
}
