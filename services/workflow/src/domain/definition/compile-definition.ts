import { isObject, type Json, type JsonObject } from '../json.ts';
import { MAX_NAME_CHARS } from '../limits.ts';
import { type CompileContext, compilePort } from './compile-parts.ts';
import { compileTasks } from './compile-tasks.ts';
import { type FoundExpression, Findings, type Problem } from './problems.ts';
import type { Program } from './program.ts';

export type Compiled =
  /** `expressions` still have to be tried in the jq compiler, which is no pure function of ours. */
  | { kind: 'compiled'; program: Program; expressions: readonly FoundExpression[] }
  | { kind: 'invalid'; problems: readonly Problem[] };

const DSL = /^1\.0\.\d+$/;
const NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_VERSION_CHARS = 64;

/** Compiles a document of the profile, or says everything that is wrong with it. */
export function compileDefinition(source: Json): Compiled {
  const findings = new Findings();
  const root = findings.object(source, '', 'a definition is an object');
  if (root === undefined) return { kind: 'invalid', problems: findings.problems };
  findings.onlyKeys(root, '', ['document', 'input', 'do', 'output', 'use']);
  const document = compileDocument(root['document'], findings);
  const use = compileUse(root['use'], findings);
  const context: CompileContext = { findings, byPath: new Map(), use, variables: [], compileTasks };
  const tasks = compileTasks(root['do'], '/do', context);
  const input = compilePort(root['input'], '/input', 'from', context);
  const output = compilePort(root['output'], '/output', 'as', context);
  if (document === undefined || tasks === undefined || findings.problems.length > 0) {
    return { kind: 'invalid', problems: findings.problems };
  }
  const program: Program = { document, input, output, tasks, byPath: context.byPath, source };
  return { kind: 'compiled', program, expressions: findings.expressions };
}

function compileDocument(value: Json | undefined, findings: Findings): Program['document'] | undefined {
  const document = findings.object(value, '/document');
  if (document === undefined) return undefined;
  findings.onlyKeys(document, '/document', [
    'dsl',
    'namespace',
    'name',
    'version',
    'title',
    'summary',
    'tags',
    'metadata',
  ]);
  const field = (key: string, form: RegExp, meaning: string) => {
    const text = document[key];
    if (typeof text === 'string' && form.test(text)) return text;
    return findings.note(`/document/${key}`, `must be ${meaning}`);
  };
  const dsl = field('dsl', DSL, 'a version 1.0.x of the language, for example "1.0.3"');
  const namespace = field('namespace', NAME, `letters, digits and hyphens, at most ${MAX_NAME_CHARS}`);
  const name = field('name', NAME, `letters, digits and hyphens, at most ${MAX_NAME_CHARS}`);
  const version = field('version', SEMVER, 'a semantic version, as text');
  if (version !== undefined && version.length > MAX_VERSION_CHARS) findings.note('/document/version', 'is too long');
  if (dsl === undefined || namespace === undefined || name === undefined || version === undefined) return undefined;
  return { dsl, namespace, name, version };
}

/** Reusable errors and retry policies; the rest of `use` is outside the profile. */
function compileUse(value: Json | undefined, findings: Findings): { errors: JsonObject; retries: JsonObject } {
  const none = { errors: {}, retries: {} };
  if (value === undefined) return none;
  const use = findings.object(value, '/use');
  if (use === undefined) return none;
  findings.onlyKeys(use, '/use', ['errors', 'retries']);
  const part = (key: 'errors' | 'retries') => {
    if (use[key] === undefined) return {};
    return isObject(use[key]) ? use[key] : (findings.note(`/use/${key}`, 'must be an object') ?? {});
  };
  return { errors: part('errors'), retries: part('retries') };
}
