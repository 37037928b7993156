import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatYuan } from '@suanli/kernel';
import { inRoot } from '../../root.ts';
import { check, present, until } from '../check.ts';
import { type Api, Refused } from '../rest/api.ts';
import { follow } from '../rest/events.ts';
import type { HumanTask, Run, Step } from '../rest/workflow-views.ts';

const FOLDER = inRoot('examples/article');
const CORPUS = 'article';
const TOPIC = 'sharing GPUs between teams';
const RUN_LIMIT_MS = 120_000;
const RATED_WITHIN_MS = 30_000;
const EDIT = 'Fair sharing lends idle GPUs and takes them back from whoever borrowed most.';

/** Runs the article from outline to revision, with a person's hand in the middle and a second thought at the end. */
export async function writeArticle(api: Api, say: (message: string) => void): Promise<string> {
  const documents = await fillCorpus(api);
  say(`corpus of ${documents} documents`);
  const workflow = await createWorkflow(api);
  const run = await api.post<Run>('/v1/runs', { workflow_id: workflow, input: { topic: TOPIC, corpus: CORPUS } });
  const signal = AbortSignal.timeout(RUN_LIMIT_MS);

  await takePart(api, run.id, signal, async (task) => {
    say(`asked to review “${task.title}”: edited`);
    return { action: 'edit', output: `${String(task.subject)}\n\n${EDIT}` };
  });
  const first = await stepsOf(api, run.id);
  const revise = named(first, 'revise');
  check(
    JSON.stringify(revise.input ?? revise.output).includes(EDIT),
    'the revision was not given what the person wrote',
  );
  const before = await costOf(api, run.id);
  say(`written in ${first.length} steps for ${formatYuan(before)}, with the edit in the revision`);

  const draft = named(first, 'draft');
  const path = `/v1/runs/${run.id}/steps/${draft.id}/interventions`;
  await api.post(path, { action: 'redo', comment: 'Shorter, please.', expected_revision: draft.revision });
  await takePart(api, run.id, signal, async () => ({ action: 'approve' }));
  const again = named(await stepsOf(api, run.id), 'draft');
  check(again.revision > draft.revision, `the draft was to be made anew, its revision is still ${again.revision}`);
  const after = await costOf(api, run.id);
  check(after > before, `the second draft cost nothing: ${before}, then ${after}`);
  return `one step made anew with a comment, ${formatYuan(after)} in all, the sum of its steps`;
}

async function fillCorpus(api: Api): Promise<number> {
  const known = await api.send('GET', `/v1/corpora/${CORPUS}`);
  if (known.status === 404) await api.post('/v1/corpora', { name: CORPUS });
  const folder = join(FOLDER, 'corpus');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  for (const name of names) {
    const body = await readFile(join(folder, name));
    const path = `/v1/corpora/${CORPUS}/documents/${encodeURIComponent(name)}`;
    await accepted(`PUT ${path}`, await api.send('PUT', path, { body, headers: { 'content-type': 'text/plain' } }));
  }
  return names.length;
}

async function createWorkflow(api: Api): Promise<string> {
  const body = await readFile(join(FOLDER, 'workflow.yaml'));
  const headers = { 'content-type': 'application/yaml' };
  const { id } = await accepted<{ id: string }>(
    'POST /v1/workflows',
    await api.send('POST', '/v1/workflows', { body, headers }),
  );
  return id;
}

async function accepted<T>(what: string, answer: Response): Promise<T> {
  const text = await answer.text();
  if (!answer.ok) throw new Refused(what, answer.status, text);
  return JSON.parse(text) as T;
}

/** Follows the journal to the end of the run and decides whatever it asks on the way. */
async function takePart(
  api: Api,
  runId: string,
  signal: AbortSignal,
  decide: (task: HumanTask) => Promise<object>,
): Promise<void> {
  let sequence = 0n;
  const before = await api.get<Run>(`/v1/runs/${runId}`);
  check(!isOver(before) || before.status === 'completed', `the run ${runId} has ${before.status}`);
  for await (const { id } of follow(api, `/v1/runs/${runId}/events`, { signal })) {
    check(BigInt(id) === ++sequence, `the journal went to ${id} where ${sequence} was due`);
    await decideOpen(api, runId, decide);
    const run = await api.get<Run>(`/v1/runs/${runId}`);
    if (!isOver(run)) continue;
    check(run.status === 'completed', `the run ended as ${run.status}: ${JSON.stringify(run.reason)}`);
    if (BigInt(run.sequence) === sequence) return;
  }
}

async function decideOpen(api: Api, runId: string, decide: (task: HumanTask) => Promise<object>): Promise<void> {
  for (const task of await api.list<HumanTask>(`/v1/human-tasks?run_id=${runId}`)) {
    await api.post(`/v1/human-tasks/${task.id}/decision`, await decide(task));
  }
}

const isOver = ({ status }: Run) => ['completed', 'faulted', 'cancelled'].includes(status);

async function stepsOf(api: Api, runId: string, all = false): Promise<Step[]> {
  const { data } = await api.get<{ data: Step[] }>(`/v1/runs/${runId}/steps?include_superseded=${all}`);
  return data;
}

function named(steps: readonly Step[], name: string): Step {
  return present(
    steps.findLast((step) => step.name === name),
    `the step ${name} among ${steps.map((step) => step.name).join()}`,
  );
}

/** What the run has cost: more than nothing, and exactly what its steps have cost, those that were replaced too. */
async function costOf(api: Api, runId: string): Promise<bigint> {
  const seen = await until(
    'the cost of every step',
    RATED_WITHIN_MS,
    async () => {
      const steps = await stepsOf(api, runId, true);
      const called = steps.filter((step) => step.function === 'llm.chat' && step.status !== 'pending');
      const sum = steps.reduce((total, step) => total + BigInt(step.cost_micros), 0n);
      const { cost_micros: cost } = await api.get<Run>(`/v1/runs/${runId}`);
      return {
        unpaid: called.filter((step) => step.cost_micros === '0').map((step) => step.name),
        sum: String(sum),
        cost,
      };
    },
    ({ unpaid, sum, cost }) => unpaid.length === 0 && sum === cost && sum !== '0',
  );
  return BigInt(seen.cost);
}
