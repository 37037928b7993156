import { eventually } from '@suanli/test-kit';
import { upload } from '@suanli/tools/smoke/rest/hub-files';
import type { BillLine, Job, Repository } from '@suanli/tools/smoke/rest/views';
import type { HumanTask, Run, Step } from '@suanli/tools/smoke/rest/workflow-views';
import { expectProblem } from '@suanli/tools/smoke/steps/refusals';
import { watchJob } from '@suanli/tools/smoke/steps/watch-jobs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTenant, type Tenant, YUAN } from '../support/tenants.ts';
import { tickingJob } from '../support/ticking-jobs.ts';

const LIMIT_MS = 60_000;
const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'tests', name: 'ask', version: '1.0.0' },
  do: [{ ask: { call: 'human.review', with: { title: 'Is it mine?', subject: 'text' } } }],
};

const BLOB = { sha256: 'a'.repeat(64), size_bytes: '4' };

/** Ids of one thing of each kind. */
type Things = {
  job: string;
  line: string;
  repository: string;
  revision: string;
  corpus: string;
  document: string;
  workflow: string;
  run: string;
  step: string;
  task: string;
  key: string;
  account: string;
};

let owner: Tenant;
let stranger: Tenant;
let things: Things;
beforeAll(async () => {
  [owner, stranger] = await Promise.all([openTenant('owner', 10n * YUAN), openTenant('stranger', 10n * YUAN)]);
  things = await makeThings(owner);
}, LIMIT_MS);

describe("another account's ids", () => {
  it.each<[string, string, (of: Things) => string, string, object?]>([
    ['GET', 'a job', (of) => `/v1/jobs/${of.job}`, 'job_not_found'],
    ['GET', 'its events', (of) => `/v1/jobs/${of.job}/events`, 'job_not_found'],
    ['GET', 'its log', (of) => `/v1/jobs/${of.job}/logs`, 'job_not_found'],
    ['POST', 'its end', (of) => `/v1/jobs/${of.job}/cancel`, 'job_not_found', {}],
    ['GET', 'a bill line', (of) => `/v1/bill-lines/${of.line}`, 'bill_line_not_found'],
    ['GET', 'a repository', (of) => `/v1/repositories/${of.repository}`, 'repository_not_found'],
    ['GET', 'its revisions', (of) => `/v1/repositories/${of.repository}/commits`, 'repository_not_found'],
    ['GET', 'its files', (of) => `/v1/repositories/${of.repository}/files`, 'repository_not_found'],
    ['GET', 'a file', (of) => `/v1/repositories/${of.repository}/files/note.txt`, 'repository_not_found'],
    ['POST', 'an upload', (of) => `/v1/repositories/${of.repository}/uploads`, 'repository_not_found', BLOB],
    [
      'POST',
      'a commit',
      (of) => `/v1/repositories/${of.repository}/commits`,
      'repository_not_found',
      { deleted_paths: ['note.txt'] },
    ],
    ['GET', 'a corpus', (of) => `/v1/corpora/${of.corpus}`, 'corpus_not_found'],
    ['GET', 'a search', (of) => `/v1/corpora/${of.corpus}/search?query=canal`, 'corpus_not_found'],
    ['GET', 'its documents', (of) => `/v1/corpora/${of.corpus}/documents`, 'corpus_not_found'],
    ['DELETE', 'a document', (of) => `/v1/corpora/${of.corpus}/documents/${of.document}`, 'corpus_not_found'],
    ['GET', 'a workflow', (of) => `/v1/workflows/${of.workflow}`, 'definition_not_found'],
    ['GET', 'a run', (of) => `/v1/runs/${of.run}`, 'run_not_found'],
    ['GET', 'its steps', (of) => `/v1/runs/${of.run}/steps`, 'run_not_found'],
    ['GET', 'its journal', (of) => `/v1/runs/${of.run}/events`, 'run_not_found'],
    ['POST', 'its end', (of) => `/v1/runs/${of.run}/cancel`, 'run_not_found', {}],
    [
      'POST',
      'a hand on its step',
      (of) => `/v1/runs/${of.run}/steps/${of.step}/interventions`,
      'run_not_found',
      { action: 'approve' },
    ],
    ['GET', 'a human task', (of) => `/v1/human-tasks/${of.task}`, 'human_task_not_found'],
    [
      'POST',
      'its decision',
      (of) => `/v1/human-tasks/${of.task}/decision`,
      'human_task_not_found',
      { action: 'approve' },
    ],
    ['GET', 'a key', (of) => `/v1/api-keys/${of.key}`, 'api_key_not_found'],
    ['DELETE', 'a key', (of) => `/v1/api-keys/${of.key}`, 'api_key_not_found'],
    ['GET', 'an account', (of) => `/v1/accounts/${of.account}`, 'account_not_found'],
  ])('%s of %s are not found', async (method, _what, pathOf, code, body) => {
    const path = pathOf(things);
    const ask = body === undefined ? {} : { body };
    expect(await expectProblem(await stranger.api.send(method, path, ask), 404, code)).toMatchObject({ code });
    // The same door opens for whoever owns it: it is not simply shut.
    if (method === 'GET') await expectOpen(path);
  });

  it('start no run and mount into no job', async () => {
    const run = await stranger.api.send('POST', '/v1/runs', { body: { workflow_id: things.workflow } });
    await expectProblem(run, 404, 'definition_not_found');
    const mounts = [{ mode: 'in', path: '/data', repository_id: things.repository }];
    const job = await stranger.api.send('POST', '/v1/jobs', { body: { ...tickingJob('thief', 1), mounts } });
    expect([404, 422]).toContain(job.status);
  });
});

describe('lists', () => {
  it.each([
    '/v1/jobs',
    '/v1/bill-lines',
    '/v1/holds',
    '/v1/repositories',
    '/v1/corpora',
    '/v1/workflows',
    '/v1/runs',
    '/v1/human-tasks',
  ])("%s show nothing of another account's", async (path) => {
    expect(await stranger.api.list(path)).toEqual([]);
  });

  it("a filter by another account's id finds nothing", async () => {
    expect(await stranger.api.list(`/v1/bill-lines?resource_id=${things.job}`)).toEqual([]);
    expect(await stranger.api.list(`/v1/human-tasks?run_id=${things.run}`)).toEqual([]);
  });

  it('the ledger and the audit log of each account are its own', async () => {
    const entries = await stranger.api.list<{ kind: string }>('/v1/ledger-entries');
    expect(entries.map(({ kind }) => kind)).toEqual(['recharge']);
    const events = await stranger.api.list<{ action: string }>('/v1/audit-events');
    expect(events.filter(({ action }) => action === 'job.create').length).toBeLessThan(2);
  });
});

async function expectOpen(path: string): Promise<void> {
  const answer = await owner.api.send('GET', path);
  await answer.body?.cancel(); // Some are streams without an end.
  expect(answer.status).toBe(200);
}

async function makeThings({ api, accountId }: Tenant): Promise<Things> {
  const { id: job } = await api.post<Job>('/v1/jobs', tickingJob('mine', 1));
  await watchJob(api, job, { signal: AbortSignal.timeout(LIMIT_MS) });
  const line = await eventually(
    async () => (await api.list<BillLine>(`/v1/bill-lines?resource_id=${job}`))[0] ?? false,
    { timeoutMs: LIMIT_MS },
  );
  const repository = (await api.post<Repository>('/v1/repositories', { kind: 'dataset', name: 'mine' })).id;
  const files = [await upload(api, repository, { path: 'note.txt', bytes: Buffer.from('mine') })];
  const { revision } = await api.post<{ revision: string }>(`/v1/repositories/${repository}/commits`, { files });
  const corpus = (await api.post<{ id: string }>('/v1/corpora', { name: 'mine' })).id;
  const text = { body: Buffer.from('The canal is mine.'), headers: { 'content-type': 'text/plain' } };
  const document = await api.send('PUT', `/v1/corpora/${corpus}/documents/canal`, text);
  const workflow = (await api.post<{ id: string }>('/v1/workflows', WORKFLOW)).id;
  const run = (await api.post<Run>('/v1/runs', { workflow_id: workflow })).id;
  const task = await eventually(async () => (await api.list<HumanTask>(`/v1/human-tasks?run_id=${run}`))[0] ?? false, {
    timeoutMs: LIMIT_MS,
  });
  const steps = await api.get<{ data: Step[] }>(`/v1/runs/${run}/steps`);
  const [key] = await api.list<{ id: string }>('/v1/api-keys');
  return {
    job,
    line: line.id,
    repository,
    revision,
    corpus,
    document: ((await document.json()) as { id: string }).id,
    workflow,
    run,
    step: steps.data[0]?.id ?? '',
    task: task.id,
    key: key?.id ?? '',
    account: accountId,
  };
}
