import { isObject, type Json, type JsonObject } from '../json.ts';
import { FUNCTIONS, type FunctionName } from './program.ts';

/** What `call` can name, with the arguments that each takes. Versions: `llm.chat@1` is the one there is. */

type ArgumentType =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'object'
  | 'texts'
  | 'objects'
  | 'messages'
  | 'actions'
  | 'any';
type Argument = { type: ArgumentType; isRequired?: boolean; min?: number; max?: number };

const CHAT: Record<string, Argument> = {
  model: { type: 'text' },
  messages: { type: 'messages' },
  system: { type: 'text' },
  prompt: { type: 'text' },
  max_output_tokens: { type: 'integer', min: 1, max: 1_000_000 },
  temperature: { type: 'number', min: 0, max: 2 },
};
const REVIEW: Record<string, Argument> = {
  title: { type: 'text' },
  subject: { type: 'any', isRequired: true },
  actions: { type: 'actions' },
  schema: { type: 'object' },
  timeout: { type: 'any' },
};
const SEARCH: Record<string, Argument> = {
  corpus: { type: 'text', isRequired: true },
  query: { type: 'text', isRequired: true },
  limit: { type: 'integer', min: 1, max: 50 },
};
const JOB: Record<string, Argument> = {
  name: { type: 'text' },
  command: { type: 'texts', isRequired: true },
  env: { type: 'object' },
  working_dir: { type: 'text' },
  task_count: { type: 'integer', min: 1, max: 1_024 },
  milli_gpus: { type: 'integer', min: 0, max: 1_000_000 },
  milli_cpus: { type: 'integer', min: 0, max: 10_000_000 },
  memory_bytes: { type: 'integer', min: 0, max: 2 ** 50 },
  skus: { type: 'texts' },
  regions: { type: 'texts' },
  max_run_seconds: { type: 'integer', min: 1, max: 604_800 },
  max_requeues: { type: 'integer', min: 0, max: 10 },
  grace_seconds: { type: 'integer', min: 0, max: 300 },
  mounts: { type: 'objects' },
  priority: { type: 'integer', min: -100, max: 100 },
  /** Whether an exit code other than 0 is a result, not a fault. */
  allow_failure: { type: 'boolean' },
};

const CATALOGUE: Record<FunctionName, Record<string, Argument>> = {
  'llm.chat': CHAT,
  'human.review': REVIEW,
  'retrieve.search': SEARCH,
  'job.run': JOB,
};

/** What a person may answer to a human.review. */
export const REVIEW_ACTIONS = ['approve', 'edit', 'reject', 'redo'] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number];

export function isReviewAction(value: unknown): value is ReviewAction {
  return REVIEW_ACTIONS.some((action) => action === value);
}

/** `llm.chat`, `llm.chat@1` or `llm.chat@1.0.0`; undefined for what the catalogue lacks. */
export function functionNamed(name: string): FunctionName | undefined {
  const [bare, version] = name.split('@');
  if (version !== undefined && !/^1(\.0){0,2}$/.test(version)) return undefined;
  return FUNCTIONS.find((known) => known === bare);
}

/** Where in its arguments something is wrong, and what. */
export type ArgumentProblem = { at: string; message: string };

/** Names and presence: what a definition can be refused for before its expressions have values. */
export function checkArgumentNames(name: FunctionName, given: JsonObject): ArgumentProblem[] {
  const known = CATALOGUE[name];
  const problems: ArgumentProblem[] = Object.keys(given)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => ({ at: `/${key}`, message: `${name} has no argument "${key}"` }));
  for (const [key, argument] of Object.entries(known)) {
    if (argument.isRequired && !Object.hasOwn(given, key)) problems.push({ at: '', message: `${name} needs "${key}"` });
  }
  if (name === 'llm.chat' && (given['messages'] === undefined) === (given['prompt'] === undefined)) {
    problems.push({ at: '', message: 'llm.chat needs either "messages" or "prompt"' });
  }
  return problems;
}

/** The whole check, of evaluated arguments. */
export function checkArguments(name: FunctionName, given: Json): ArgumentProblem[] {
  if (!isObject(given)) return [{ at: '', message: `the arguments of ${name} are not an object` }];
  const problems = checkArgumentNames(name, given);
  for (const [key, argument] of Object.entries(CATALOGUE[name])) {
    const value = given[key];
    const complaint = value === undefined ? undefined : complain(argument, value);
    if (complaint !== undefined) problems.push({ at: `/${key}`, message: `"${key}" ${complaint}` });
  }
  return problems;
}

function complain(argument: Argument, value: Json): string | undefined {
  const { min = -Infinity, max = Infinity } = argument;
  switch (argument.type) {
    case 'any':
      return undefined;
    case 'text':
      return typeof value === 'string' && value !== '' ? undefined : 'must be text';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'integer':
    case 'number': {
      const fits = typeof value === 'number' && value >= min && value <= max;
      const isRight = fits && (argument.type === 'number' || Number.isInteger(value));
      return isRight
        ? undefined
        : `must be ${argument.type === 'number' ? 'a number' : 'a whole number'} from ${min} to ${max}`;
    }
    case 'object':
      return isObject(value) ? undefined : 'must be an object';
    case 'texts':
      return isList(value, (item) => typeof item === 'string') ? undefined : 'must be a list of texts, not empty';
    case 'objects':
      return isList(value, isObject) ? undefined : 'must be a list of objects';
    case 'messages':
      return isList(value, isMessage) ? undefined : 'must be a list of {role, content}';
    case 'actions':
      return isList(value, isReviewAction) ? undefined : `must be a list of ${REVIEW_ACTIONS.join(', ')}`;
  }
}

function isList(value: Json, isItem: (item: Json) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}

function isMessage(value: Json): boolean {
  return (
    isObject(value) &&
    typeof value['role'] === 'string' &&
    ['system', 'user', 'assistant'].includes(value['role']) &&
    typeof value['content'] === 'string'
  );
}
