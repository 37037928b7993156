import { isObject, type Json, type JsonObject, pointer } from '../json.ts';
import { MAX_BRANCHES, MAX_ITERATIONS, MAX_WAIT_MS } from '../limits.ts';
import { compileCatch } from './compile-catch.ts';
import { boundName, type CompileContext, compileFlow, expression, valueOf } from './compile-parts.ts';
import { compileDuration } from './durations.ts';
import { checkArgumentNames, functionNamed } from './functions.ts';
import type { TaskBody } from './program.ts';

/** What a task does, and the fields of the task that say it. */
export type CompiledBody = { body: TaskBody; keys: readonly string[] };

type CompileKind = (
  fields: JsonObject,
  at: string,
  names: readonly string[],
  context: CompileContext,
) => CompiledBody | undefined;

/** In the order in which the language tells tasks apart: a loop also has a `do`. */
const KINDS: readonly [string, CompileKind][] = [
  ['for', compileFor],
  ['do', compileDo],
  ['set', compileSet],
  ['switch', compileSwitch],
  ['try', compileTry],
  ['fork', compileFork],
  ['raise', compileRaise],
  ['wait', compileWait],
  ['call', compileCall],
];
export function compileBody(
  fields: JsonObject,
  at: string,
  names: readonly string[],
  context: CompileContext,
): CompiledBody | undefined {
  const kind = KINDS.find(([key]) => fields[key] !== undefined);
  if (kind !== undefined) return kind[1](fields, at, names, context);
  const supported = KINDS.map(([key]) => key).join(', ');
  return context.findings.note(at, `this kind of task is not part of the profile, which has ${supported}`);
}

function compileDo(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const tasks = context.compileTasks(fields['do'], pointer(at, 'do'), context);
  return tasks && { body: { kind: 'do' as const, tasks }, keys: ['do'] };
}

function compileSet(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const value = fields['set'] ?? null;
  const place = pointer(at, 'set');
  if (typeof value !== 'string' && !(isObject(value) && Object.keys(value).length > 0)) {
    return context.findings.note(place, 'must be an object with at least one field, or an expression');
  }
  return { body: { kind: 'set' as const, value: valueOf(value, place, context) }, keys: ['set'] };
}

function compileSwitch(fields: JsonObject, at: string, names: readonly string[], context: CompileContext) {
  const { findings } = context;
  const list = fields['switch'];
  const place = pointer(at, 'switch');
  if (!Array.isArray(list) || list.length === 0) return findings.note(place, 'must be a list of cases, not empty');
  const cases = list.flatMap((item, i) => {
    const entry = isObject(item) ? Object.entries(item)[0] : undefined;
    const caseAt = entry ? pointer(pointer(place, i), entry[0]) : pointer(place, i);
    const fieldsOfCase = findings.object(entry?.[1], caseAt, 'must be {name: {when, then}}');
    if (fieldsOfCase === undefined) return [];
    findings.onlyKeys(fieldsOfCase, caseAt, ['when', 'then']);
    if (fieldsOfCase['then'] === undefined) findings.note(caseAt, 'a case needs "then"');
    const when = fieldsOfCase['when'];
    const template = when === undefined ? undefined : expression(when, pointer(caseAt, 'when'), context);
    const then = compileFlow(fieldsOfCase['then'], pointer(caseAt, 'then'), names, findings);
    return [{ ...(template && { when: template }), then }];
  });
  return { body: { kind: 'switch' as const, cases }, keys: ['switch'] };
}

function compileFor(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const { findings } = context;
  const place = pointer(at, 'for');
  const loop = findings.object(fields['for'], place);
  if (loop === undefined) return undefined;
  findings.onlyKeys(loop, place, ['each', 'in', 'at']);
  const each = boundName(loop['each'], 'item', pointer(place, 'each'), context);
  const index = boundName(loop['at'], 'index', pointer(place, 'at'), context);
  const items = expression(loop['in'] ?? null, pointer(place, 'in'), context);
  const inner = { ...context, variables: [...context.variables, each, index] };
  const whileAt = pointer(at, 'while');
  const condition = fields['while'] === undefined ? undefined : expression(fields['while'], whileAt, inner);
  const maxIterations = iterationCap(fields['metadata'], pointer(at, 'metadata'), context);
  const tasks = inner.compileTasks(fields['do'], pointer(at, 'do'), inner);
  if (items === undefined || tasks === undefined) return undefined;
  const body = { kind: 'for' as const, each, at: index, in: items, maxIterations, tasks };
  return { body: { ...body, ...(condition && { while: condition }) }, keys: ['for', 'while', 'do'] };
}

function iterationCap(metadata: Json | undefined, at: string, context: CompileContext): number {
  const cap = isObject(metadata) ? metadata['maxIterations'] : undefined;
  if (cap === undefined) return MAX_ITERATIONS;
  if (typeof cap === 'number' && Number.isInteger(cap) && cap >= 1 && cap <= MAX_ITERATIONS) return cap;
  context.findings.note(pointer(at, 'maxIterations'), `must be a whole number from 1 to ${MAX_ITERATIONS}`);
  return MAX_ITERATIONS;
}

function compileTry(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const tasks = context.compileTasks(fields['try'], pointer(at, 'try'), context);
  const clause = compileCatch(fields['catch'], pointer(at, 'catch'), context);
  return tasks && clause && { body: { kind: 'try' as const, tasks, catch: clause }, keys: ['try', 'catch'] };
}

function compileFork(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const { findings } = context;
  const place = pointer(at, 'fork');
  const fork = findings.object(fields['fork'], place);
  if (fork === undefined) return undefined;
  findings.onlyKeys(fork, place, ['branches', 'compete']);
  const isCompeting = fork['compete'] ?? false;
  if (typeof isCompeting !== 'boolean') return findings.note(pointer(place, 'compete'), 'must be true or false');
  const branches = context.compileTasks(fork['branches'], pointer(place, 'branches'), context);
  if (branches === undefined) return undefined;
  if (branches.length > MAX_BRANCHES) return findings.note(place, `a fork has at most ${MAX_BRANCHES} branches`);
  for (const branch of branches) {
    if (branch.then.kind === 'goto')
      findings.note(pointer(branch.path, 'then'), 'a branch cannot go to another branch');
  }
  return { body: { kind: 'fork' as const, branches, isCompeting }, keys: ['fork'] };
}

function compileRaise(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const { findings } = context;
  const place = pointer(at, 'raise');
  const raise = findings.object(fields['raise'], place);
  if (raise === undefined) return undefined;
  findings.onlyKeys(raise, place, ['error']);
  const named = typeof raise['error'] === 'string' ? context.use.errors[raise['error']] : raise['error'];
  const errorAt = pointer(place, 'error');
  const error = findings.object(named, errorAt, 'must be an error, or the name of one in /use/errors');
  if (error === undefined) return undefined;
  findings.onlyKeys(error, errorAt, ['type', 'status', 'title', 'detail', 'instance']);
  if (typeof error['type'] !== 'string') findings.note(pointer(errorAt, 'type'), 'must be a URI, as text');
  if (!isStatus(error['status'])) findings.note(pointer(errorAt, 'status'), 'must be a whole number from 100 to 599');
  return { body: { kind: 'raise' as const, error: valueOf(error, errorAt, context) }, keys: ['raise'] };
}

function isStatus(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;
}

function compileWait(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const place = pointer(at, 'wait');
  const duration = compileDuration(fields['wait'], MAX_WAIT_MS);
  if (duration === undefined) {
    return context.findings.note(place, 'must be a duration of at most a year: {seconds: 5} or "PT5S"');
  }
  if (duration.kind === 'computed') expression(fields['wait'] ?? null, place, context);
  return { body: { kind: 'wait' as const, duration }, keys: ['wait'] };
}

function compileCall(fields: JsonObject, at: string, _names: readonly string[], context: CompileContext) {
  const { findings } = context;
  const called = fields['call'];
  const name = typeof called === 'string' ? functionNamed(called) : undefined;
  if (name === undefined) {
    const known = 'llm.chat, human.review, retrieve.search, job.run';
    return findings.note(pointer(at, 'call'), `must be one of the catalogued functions: ${known}`);
  }
  const place = pointer(at, 'with');
  const given = findings.object(fields['with'] ?? {}, place);
  if (given === undefined) return undefined;
  for (const problem of checkArgumentNames(name, given)) findings.note(`${place}${problem.at}`, problem.message);
  return {
    body: { kind: 'call' as const, function: name, arguments: valueOf(given, place, context) },
    keys: ['call', 'with'],
  };
}
