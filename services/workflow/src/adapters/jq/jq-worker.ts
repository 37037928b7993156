import { parentPort } from 'node:worker_threads';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FoundExpression, Problem } from '../../domain/definition/problems.ts';
import type { Answer, Question } from '../../domain/engine/question.ts';
import type { Json } from '../../domain/json.ts';
import { MAX_VALUE_BYTES } from '../../domain/limits.ts';
import { type JqResult, loadJq } from './load-jq.ts';
import type { WorkerReply, WorkerRequest } from './protocol.ts';

/** Runs what users wrote (expressions, schemas) off the main thread, which ends this thread when it takes too long. */

const STANDARD_VARIABLES = ['context', 'input', 'output', 'task', 'workflow', 'runtime', 'secrets'];
/** jq shows a made-up environment; nothing of it belongs in a workflow. */
const NO_ENVIRONMENT = '{} as $ENV | def env: {};';
const ONE_VALUE = 'if length == 1 then .[0] elif length == 0 then null else error("gives more than one value") end';

const jq = await loadJq();

function answer(question: Question): Answer {
  return question.kind === 'evaluate' ? evaluate(question) : validate(question.schema, question.value);
}

function evaluate({ template, given, variables }: Question & { kind: 'evaluate' }): Answer {
  const bindings = Object.keys(variables).map((name) => `$__given.variables.${name} as $${name} | `);
  const program = `. as $__given | .texts as $__texts | ${bindings.join('')}${NO_ENVIRONMENT} .data | [limit(2; ${template.source})] | ${ONE_VALUE}`;
  const result = jq(program, JSON.stringify({ data: given, variables, texts: template.texts }));
  if (result.code !== 0) return { kind: 'failed', detail: complaintOf(result) };
  if (result.out === '') return { kind: 'failed', detail: 'gives no value' }; // `halt`.
  if (result.out.length > MAX_VALUE_BYTES)
    return { kind: 'failed', detail: `gives more than ${MAX_VALUE_BYTES} bytes` };
  return { kind: 'value', value: JSON.parse(result.out) as Json };
}

function validate(schema: Json, value: Json): Answer {
  try {
    const ajv = formats.default(new Ajv2020({ strict: false, allErrors: false }));
    const check = ajv.compile(schema as object);
    if (check(value)) return { kind: 'valid' };
    return { kind: 'failed', detail: ajv.errorsText(check.errors, { dataVar: 'value' }) };
  } catch (error) {
    return {
      kind: 'failed',
      detail: `the schema cannot be used: ${error instanceof Error ? error.message : 'unknown'}`,
    };
  }
}

/** Compiles each expression without running it. */
function check(expressions: readonly FoundExpression[]): Problem[] {
  return expressions.flatMap(({ pointer, text, variables }) => {
    const names = [...new Set([...STANDARD_VARIABLES, ...variables])];
    const bindings = names.map((name) => `null as $${name} | `).join('');
    const result = jq(`${bindings}def __tried: (${text}\n); if . then __tried else null end`, 'null');
    return result.code === 0 ? [] : [{ pointer, message: complaintOf(result) }];
  });
}

function complaintOf({ error }: JqResult): string {
  const [line = ''] = error.split('\n');
  const text = line
    .replace(/^jq: error(?: \(at [^)]*\))?:? */, '')
    .replace(/(?: \(Unix shell[^)]*\))? at <top-level>.*$/, '');
  return text || 'the expression failed';
}

function reply(message: WorkerReply): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (request: WorkerRequest) => {
  if (request.kind === 'check') reply({ kind: 'checked', problems: check(request.expressions) });
  else reply({ kind: 'answered', answer: answer(request.question) });
});
reply({ kind: 'ready' });
