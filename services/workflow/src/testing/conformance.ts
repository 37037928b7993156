import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { Evaluator } from '../app/ports.ts';
import { isObject, type Json } from '../domain/json.ts';
import type { Run } from '../domain/run/run.ts';
import { memoryWorkflow } from './memory-workflow.ts';

export { testEvaluator } from './evaluator.ts';

/** A scenario of the conformance kit of Serverless Workflow: Gherkin, with YAML in doc strings. */
export type Scenario = { name: string; phrases: readonly Phrase[] };
type Phrase = { text: string; yaml: string };

export type Verdict =
  /** What was not as the scenario says; none when it conforms. */
  | { kind: 'run'; complaints: string[] }
  /** The definition is not of the profile; with the pointers of its problems. */
  | { kind: 'outside'; pointers: string[] };

const PHRASE = /^\s*(?:Given|When|Then|And)\s+(.+)\n(?:\s*"""yaml\n([\s\S]*?)""")?/gm;

export function readFeature(text: string): Scenario[] {
  return text
    .split(/^\s*Scenario:/m)
    .slice(1)
    .map((part) => ({
      name: part.split('\n')[0]?.trim() ?? '',
      phrases: [...part.matchAll(PHRASE)].map(([, phrase = '', yaml = '']) => ({ text: phrase.trim(), yaml })),
    }));
}

/** Runs a scenario on the whole service but for its servers, and holds the outcome against every phrase. */
export async function tryScenario(evaluator: Evaluator, { phrases }: Scenario): Promise<Verdict> {
  const workflow = memoryWorkflow(evaluator);
  const yamlOf = (beginning: string) => phrases.find(({ text }) => text.includes(beginning))?.yaml ?? '';
  const begun = await workflow.tryBegin(
    yamlOf('a workflow with definition'),
    (parse(yamlOf('the workflow input is')) as Json) ?? {},
  );
  if (begun.kind === 'refused') return { kind: 'outside', pointers: begun.pointers };
  const run = await workflow.settle(begun.runId);
  const order = workflow.steps(begun.runId).map((step) => step.name);
  const complaints = phrases
    .filter((phrase) => !holds(phrase, run, order))
    .map(({ text }) => `${text}: ${describe(run)}`);
  return { kind: 'run', complaints };
}

function holds({ text, yaml }: Phrase, run: Run, order: readonly string[]): boolean {
  const [first = ''] = text.split(' ');
  if (/^(given )?(a workflow with|the workflow (input is|is executed))/.test(text)) return true;
  if (text.startsWith('the workflow should complete with output')) {
    return run.status === 'completed' && isDeepStrictEqual(run.output, parse(yaml));
  }
  if (text === 'the workflow should complete') return run.status === 'completed';
  if (text.startsWith('the workflow should fault with error')) return includes(run.error, parse(yaml));
  if (text === 'the workflow should fault') return run.status === 'faulted';
  if (text.endsWith('should run first')) return order[0] === first;
  if (text.endsWith('should run last')) return order.at(-1) === first;
  const after = /^(\S+) should run after (\S+)$/.exec(text);
  if (after) return order.indexOf(after[1] ?? '') > order.indexOf(after[2] ?? '');
  const items = /'(\w+)' property containing (\d+) items$/.exec(text);
  if (items && isObject(run.output)) {
    const list = run.output[items[1] ?? ''];
    return Array.isArray(list) && list.length === Number(items[2]);
  }
  throw new Error(`this phrase of the conformance kit is not known: ${text}`);
}

function includes(found: object | undefined, wanted: unknown): boolean {
  return Object.entries(wanted as object).every(([key, value]) =>
    isDeepStrictEqual(Reflect.get(found ?? {}, key), value),
  );
}

function describe({ status, output, error }: Run): string {
  return `${status} ${JSON.stringify(output ?? error)}`;
}
