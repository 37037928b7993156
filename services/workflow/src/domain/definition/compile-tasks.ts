import { isObject, type Json, pointer } from '../json.ts';
import { MAX_NAME_CHARS, MAX_NESTING, MAX_TASKS } from '../limits.ts';
import { compileBody } from './compile-body.ts';
import { type CompileContext, compileFlow, compilePort, expression } from './compile-parts.ts';
import type { Findings } from './problems.ts';
import type { Task, TaskList } from './program.ts';
import type { Template } from './templates.ts';

const TASK_NAME = /^[A-Za-z0-9][A-Za-z0-9 _.-]*$/;
const BASE_KEYS = ['if', 'input', 'output', 'export', 'then', 'metadata'];
const DIRECTIVES = ['continue', 'exit', 'end'];

/** A task list: `[{name: task}, …]`, at least one, names unique in the list. */
export function compileTasks(value: Json | undefined, at: string, context: CompileContext): TaskList | undefined {
  const { findings } = context;
  if (!Array.isArray(value) || value.length === 0) return findings.note(at, 'must be a list of tasks, not empty');
  if ((context.nesting ?? 0) >= MAX_NESTING) return findings.note(at, `tasks are nested deeper than ${MAX_NESTING}`);
  const names = value.map((item) => (isObject(item) ? (Object.keys(item)[0] ?? '') : ''));
  const siblings: Task[] = [];
  for (const [index, item] of value.entries()) {
    const itemAt = pointer(at, index);
    if (!isObject(item) || Object.keys(item).length !== 1) {
      findings.note(itemAt, 'must be an object with one key, the name of the task');
      continue;
    }
    const name = names[index] ?? '';
    const path = pointer(itemAt, name);
    checkName(name, names.indexOf(name) !== index, path, findings);
    const task = compileTask(item[name] ?? null, { name, path, index, siblings, names }, context);
    if (task !== undefined) siblings.push(task);
  }
  return siblings;
}

function checkName(name: string, isTaken: boolean, at: string, findings: Findings): void {
  if (!TASK_NAME.test(name) || name.length > MAX_NAME_CHARS) {
    findings.note(at, `a task name has letters, digits, "_", "-", "." and spaces, at most ${MAX_NAME_CHARS}`);
  }
  if (DIRECTIVES.includes(name)) findings.note(at, `"${name}" is a flow directive, not a name`);
  if (isTaken) findings.note(at, `there are two tasks named "${name}" here`);
}

type Place = Pick<Task, 'name' | 'path' | 'index' | 'siblings'> & { names: readonly string[] };

function compileTask(source: Json, place: Place, context: CompileContext): Task | undefined {
  const { findings, byPath } = context;
  const { names, ...position } = place;
  const fields = findings.object(source, place.path, 'a task is an object');
  if (fields === undefined) return undefined;
  const task: Task = {
    ...position,
    ...(context.parent && { parent: context.parent }),
    ...condition(fields['if'], pointer(place.path, 'if'), context),
    input: compilePort(fields['input'], pointer(place.path, 'input'), 'from', context),
    output: compilePort(fields['output'], pointer(place.path, 'output'), 'as', context),
    export: compilePort(fields['export'], pointer(place.path, 'export'), 'as', context),
    then: compileFlow(fields['then'], pointer(place.path, 'then'), names, findings),
    body: { kind: 'set', value: { kind: 'literal', value: null } }, // Until the body is known, which refers to the task.
    source,
  };
  byPath.set(task.path, task);
  if (byPath.size > MAX_TASKS) return findings.note(task.path, `a definition has at most ${MAX_TASKS} tasks`);
  const inner = { ...context, parent: task, nesting: (context.nesting ?? 0) + 1 };
  const body = compileBody(fields, task.path, names, inner);
  if (body === undefined) return undefined;
  findings.onlyKeys(fields, task.path, [...BASE_KEYS, ...body.keys]);
  return Object.assign(task, { body: body.body });
}

function condition(value: Json | undefined, at: string, context: CompileContext): { condition?: Template } {
  const template = value === undefined ? undefined : expression(value, at, context);
  return template === undefined ? {} : { condition: template };
}
