import { readGrpcError } from '@suanli/grpc-kit';
import { ChargeRated } from '@suanli/proto/suanli/events/v1/billing.ts';
import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { EVENTS } from '@suanli/proto/subjects';
import { systemIds } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aChat, aDefinition, aReview } from '../src/testing/builders.ts';
import type { JsonObject } from '../src/domain/json.ts';
import { ALICE, BOB, type Caller, type UnderTest, workflowUnderTest } from './support/workflow-under-test.ts';

let under: UnderTest;
let alice: Caller;
beforeAll(async () => {
  under = await workflowUnderTest();
  alice = under.alice;
});
afterAll(() => under[Symbol.asyncDispose]());

const text = (tasks: JsonObject[], more: JsonObject = {}) => JSON.stringify(aDefinition(tasks, more));
const refusal = async (call: Promise<unknown>) => {
  const { status, reason, metadata } = readGrpcError(
    await call.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  return { status, reason, metadata };
};
const tell = (subject: string, aggregateId: string, payload: unknown) =>
  under.bus.publish(
    subject,
    new TextEncoder().encode(JSON.stringify(payload)),
    {
      'ce-id': systemIds.next('evt'),
      'ce-aggregateid': aggregateId,
      'ce-aggregateversion': '1',
      'ce-time': new Date().toISOString(),
    },
    { msgId: systemIds.next('evt') },
  );

describe('definitions', () => {
  const create = (source: string, requestId = systemIds.next('req')) =>
    alice.definitions.createDefinition({ requestId, source }, { token: alice.token });

  it('are versions that never change: the same document is the same version, another is refused', async () => {
    const source = aDefinition([{ a: aChat() }]);
    const first = await create(JSON.stringify(source));
    const again = await create(
      `# the same\n${JSON.stringify({ do: source['do'], document: source['document'] }, null, 2)}`,
    );
    expect(again.definition).toEqual(first.definition);
    expect(first.definition?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const other = await refusal(create(JSON.stringify({ ...source, do: [{ b: aChat() }] })));
    expect(other.reason).toBe('DEFINITION_VERSION_EXISTS');
  });

  it.each([
    ['no YAML', '{', 'problem_1'],
    ['another task', text([{ a: { run: { shell: { command: 'ls' } } } }]), '/do/0/a: '],
    ['a broken expression', text([{ a: { set: { x: '${ .a | ; }' } } }]), '/do/0/a/set/x: '],
    ['a huge document', text([{ a: aChat('x'.repeat(300_000)) }]), 'at most 262144 bytes'],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
      'alias',
    ],
  ])('are refused when they are %s, with the place', async (_name, source, want) => {
    const { reason, metadata } = await refusal(create(source));
    expect(reason).toBe('INVALID_DEFINITION');
    expect(JSON.stringify(metadata)).toContain(want);
  });
});

describe('runs', () => {
  it('refuse input that their definition does not take, and unknown definitions', async () => {
    const schema = { document: { type: 'object', required: ['topic'] } };
    const call = alice.begin(text([{ a: aChat() }], { input: { schema } }), { x: 1 });
    expect(await refusal(call)).toMatchObject({ reason: 'INVALID_INPUT' });
    const request = { requestId: 'r', definitionId: 'wfd_none', inputJson: '{}', review: '' };
    expect(await refusal(alice.runs.createRun(request, { token: alice.token }))).toMatchObject({
      reason: 'DEFINITION_NOT_FOUND',
    });
    expect(await refusal(alice.runs.createRun({ ...request, inputJson: '{' }, { token: alice.token }))).toMatchObject({
      reason: 'INVALID_INPUT',
    });
    expect(await refusal(alice.runs.createRun({ ...request, review: 'often' }, { token: alice.token }))).toMatchObject({
      reason: 'REVIEW_UNKNOWN',
    });
    expect(await refusal(alice.runs.createRun({ ...request, requestId: '' }, { token: alice.token }))).toMatchObject({
      reason: 'REQUEST_ID_INVALID',
    });
  });

  it('are started once per request', async () => {
    const { definition } = await alice.definitions.createDefinition(
      { requestId: systemIds.next('req'), source: text([{ a: { set: { x: 1 } } }]) },
      { token: alice.token },
    );
    const request = {
      requestId: systemIds.next('req'),
      definitionId: definition?.definitionId ?? '',
      inputJson: '{}',
      review: '',
    };
    const [one, two] = await Promise.all([1, 2].map(() => alice.runs.createRun(request, { token: alice.token })));
    expect(one?.run?.runId).toBe(two?.run?.runId);
    expect(
      await refusal(alice.runs.createRun({ ...request, inputJson: '{"a":1}' }, { token: alice.token })),
    ).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  });

  it('tell in words and figures why they faulted', async () => {
    const run = await alice.begin(
      text([{ a: { call: 'llm.chat', with: { prompt: 'x', model: 'no-such-model' } } }]),
      {},
    );
    const faulted = await alice.reach(run.runId, 'faulted');
    expect(faulted.reason).toMatchObject({ code: 'communication', message: 'MODEL_NOT_FOUND: no such model' });
    expect(faulted.reason?.details).toMatchObject({ instance: '/do/0/a' });
  });

  it('belong to their tenant alone', async () => {
    const run = await alice.begin(text([{ a: aReview() }]), {});
    const task = await alice.openTask(run.runId);
    const bob = await under.caller(under.service, { tenant: BOB });
    const inSameAccount = await under.caller(under.service, { tenant: { ...ALICE, workspaceId: 'wsp_other' } });
    for (const stranger of [bob, inSameAccount]) {
      const options = { token: stranger.token };
      expect(await refusal(stranger.runs.getRun({ runId: run.runId }, options))).toMatchObject({
        reason: 'RUN_NOT_FOUND',
      });
      expect(await refusal(stranger.decide(task, 'approve'))).toMatchObject({ reason: 'HUMAN_TASK_NOT_FOUND' });
      expect(await refusal(stranger.steps(run.runId))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
      expect((await stranger.runs.listRuns({ statuses: [] }, options)).runs).toEqual([]);
      expect((await stranger.tasks.listHumanTasks({ status: '', runId: run.runId }, options)).humanTasks).toEqual([]);
      const stream = stranger.runs.streamJournal({ runId: run.runId, afterSequence: 0n, follow: true }, options);
      expect(await refusal(Array.fromAsync(stream))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
    }
    const viewer = await under.caller(under.service, { role: 'viewer' });
    expect(await refusal(viewer.decide(task, 'approve'))).toMatchObject({ reason: 'ROLE_FORBIDDEN' });
  });

  it('are listed page by page', async () => {
    await alice.begin(text([{ a: { set: { x: 1 } } }]), {});
    await alice.begin(text([{ a: { set: { x: 1 } } }]), {});
    const page = async (cursor: string) =>
      alice.runs.listRuns({ page: { limit: 1, cursor }, statuses: [] }, { token: alice.token });
    const first = await page('');
    const second = await page(first.page?.nextCursor ?? '');
    expect(first.page?.hasMore).toBe(true);
    expect(first.runs[0]?.runId).not.toBe(second.runs[0]?.runId);
    expect(await refusal(page('nonsense'))).toMatchObject({ reason: 'CURSOR_INVALID' });
  });
});

describe('the journal', () => {
  it('is followed live to the end of the run, from any place, without gaps', async () => {
    const run = await alice.begin(text([{ a: aChat() }, { b: aReview() }]), {});
    const follow = (afterSequence: bigint) =>
      Array.fromAsync(
        alice.runs.streamJournal(
          { runId: run.runId, afterSequence, follow: true },
          { token: alice.token, deadlineMs: 30_000 },
        ),
      );
    const following = follow(0n);
    await alice.decide(await alice.openTask(run.runId), 'approve');
    const entries = (await following).map(({ entry }) => entry);
    expect(entries.map((entry) => entry?.sequence)).toEqual(entries.map((_, i) => BigInt(i + 1)));
    expect(entries.map((entry) => entry?.type)).toContain('human_task_decided');
    expect(entries.at(-1)?.type).toBe('run_completed');
    expect((await follow(3n)).map(({ entry }) => entry)).toEqual(entries.slice(3));
  });

  it('goes out as events, each once, in the order of the run', async () => {
    const seen: { runId: string; status: string }[] = [];
    const decode = (data: Uint8Array) => JSON.parse(Buffer.from(data).toString()) as { runId: string; status: string };
    await using _listening = under.bus.listen(EVENTS.runChanged.subject, ({ data }) => void seen.push(decode(data)));
    const run = await alice.begin(text([{ a: aReview() }]), {});
    await alice.decide(await alice.openTask(run.runId), 'approve');
    await alice.reach(run.runId, 'completed');
    const own = () => seen.filter((event) => event.runId === run.runId).map((event) => event.status);
    await eventually(() => expect(own()).toEqual(['pending', 'running', 'waiting', 'running', 'completed']));
  });
});

describe('decisions', () => {
  it('are taken once, whoever asks and however fast', async () => {
    const run = await alice.begin(text([{ a: aReview('${ . }') }]), { draft: 1 });
    const task = await alice.openTask(run.runId);
    const outcomes = await Promise.allSettled(
      ['approve', 'reject', 'approve', 'edit'].map((action) => alice.decide(task, action, { output: 1 })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? readGrpcError(outcome.reason).reason : [],
    );
    expect(new Set(reasons)).toEqual(new Set(['ALREADY_DECIDED']));
  });

  it('in a run where every step is reviewed: redo with a comment, then edit', async () => {
    const before = under.platform.chats.length;
    const run = await alice.begin(text([{ a: aChat('First.') }, { b: aChat('${ .content }') }]), {}, 'every_step');
    const first = await alice.openTask(run.runId);
    await alice.decide(first, 'redo', { comment: 'Shorter.' });
    const second = await eventually(async () => {
      const task = await alice.openTask(run.runId);
      return task.humanTaskId !== first.humanTaskId && task;
    });
    const asked = under.platform.chats.slice(before);
    expect(asked.map((chat) => chat.messages.map(({ content }) => content))).toEqual([
      ['First.'],
      ['First.', 'An answer to: First.', 'Shorter.'],
    ]);
    expect(new Set(asked.map((chat) => chat.requestId)).size).toBe(2);
    await alice.decide(second, 'edit', { output: { content: 'Mine.' } });
    await eventually(() => expect(under.platform.chats.at(-1)?.messages[0]?.content).toBe('Mine.'));
    const steps = await alice.steps(run.runId, true);
    expect(
      steps.filter((step) => step.name === 'a').map((step) => `${step.revision} ${step.status} ${step.madeBy}`),
    ).toEqual(['1 superseded run', '2 superseded usr_alice', '3 completed usr_alice']);
  });
});

describe('interventions', () => {
  const TASKS = [{ a: aChat('A.') }, { b: aChat('${ .content }') }, { c: { set: '${ .content }' } }];

  it('redo, edit, skip and fork on a run that has ended', async () => {
    const run = await alice.begin(text(TASKS), {});
    await alice.reach(run.runId, 'completed');
    const find = async (name: string) => {
      const step = (await alice.steps(run.runId)).find((one) => one.name === name);
      if (step === undefined) throw new Error(`no step ${name}`);
      return step;
    };
    expect((await find('a')).actions).toEqual(['edit', 'redo', 'skip', 'fork']);

    const edited = await alice.intervene(await find('a'), 'edit', { output: { content: 'Mine.' } });
    expect(edited.run?.status).toBe('running');
    expect(edited.step).toMatchObject({ revision: 2, madeBy: 'usr_alice' });
    expect(JSON.parse((await alice.reach(run.runId, 'completed')).outputJson)).toBe('An answer to: Mine.');

    await alice.intervene(await find('b'), 'skip', { output: { content: 'Skipped.' } });
    expect(JSON.parse((await alice.reach(run.runId, 'completed')).outputJson)).toBe('Skipped.');

    const forked = await alice.intervene(await find('b'), 'fork', { output: { content: 'Forked.' } });
    const other = await alice.reach(forked.run?.runId ?? '', 'completed');
    expect(JSON.parse(other.outputJson)).toBe('Forked.');
    expect(other.forkedFromRunId).toBe(run.runId);
    expect(JSON.parse((await alice.reach(run.runId, 'completed')).outputJson)).toBe('Skipped.');
    const lineage = (await alice.steps(run.runId, true)).map((step) => `${step.name}*${step.revision} ${step.status}`);
    expect(lineage).toEqual([
      'a*1 superseded',
      'b*1 superseded',
      'c*1 superseded',
      'a*2 completed',
      'b*2 superseded',
      'c*2 superseded',
      'b*3 skipped',
      'c*3 completed',
    ]);
    expect(await refusal(alice.intervene(await find('a'), 'approve'))).toMatchObject({ reason: 'ACTION_NOT_ALLOWED' });
  });
});

describe('costs', () => {
  it('of a step are what billing rated for it, once', async () => {
    const run = await alice.begin(text([{ a: aChat() }]), {});
    await alice.reach(run.runId, 'completed');
    const [step] = await alice.steps(run.runId);
    const charge = (usageId: string, amountMicros: bigint, accountId = ALICE.accountId) =>
      ChargeRated.toJSON(
        ChargeRated.fromPartial({
          usageId,
          billLineId: 'bil_1',
          meter: 'tokens_input',
          costKey: step?.stepId ?? '',
          amountMicros,
          tenant: { ...ALICE, accountId },
        }),
      );
    for (const payload of [
      charge('use_a', 700n),
      charge('use_a', 700n),
      charge('use_b', 50n),
      charge('use_c', 9n, 'acc_bob'),
    ]) {
      await tell(EVENTS.chargeRated.subject, 'use', payload);
    }
    await eventually(async () => expect((await alice.reach(run.runId, 'completed')).costMicros).toBe(750n));
    expect((await alice.steps(run.runId))[0]?.costMicros).toBe(750n);
  });
});

describe('jobs', () => {
  const JOB = [{ train: { call: 'job.run', with: { command: ['node', 'train.js'], milli_gpus: 500 } } }];
  const submitted = async (runId: string) =>
    eventually(() => under.platform.submitted.find((request) => request.requestId.startsWith(runId)) ?? false);

  it('run at the scheduler under the step’s key, and their end is the step’s', async () => {
    const run = await alice.begin(text(JOB), {});
    const request = await submitted(run.runId);
    const stepId = request.spec?.externalKey ?? '';
    expect(request).toMatchObject({ requestId: `${run.runId}/do/0/train/-/1`, spec: { milliGpus: 500 } });
    await alice.reach(run.runId, 'waiting');
    const jobId = `job_${under.platform.submitted.indexOf(request) + 1}`;
    under.platform.endJob(jobId, 'succeeded', 0);
    const ended = WorkloadChanged.fromPartial({
      workloadId: jobId,
      phase: 'succeeded',
      externalKey: stepId,
      tenant: ALICE,
    });
    await tell(EVENTS.workloadFinished.subject, jobId, WorkloadChanged.toJSON(ended));
    const done = await alice.reach(run.runId, 'completed');
    expect(JSON.parse(done.outputJson)).toEqual({
      job_id: jobId,
      phase: 'succeeded',
      exit_code: 0,
      log_tail: `log of ${jobId}\n`,
    });
  });

  it('are stopped when their run is cancelled', async () => {
    const run = await alice.begin(text(JOB), {});
    const request = await submitted(run.runId);
    await alice.reach(run.runId, 'waiting');
    await alice.runs.cancelRun({ runId: run.runId, requestId: systemIds.next('req') }, { token: alice.token });
    const jobId = `job_${under.platform.submitted.indexOf(request) + 1}`;
    await eventually(() => expect(under.platform.stopped).toContain(jobId));
    expect((await alice.steps(run.runId))[0]?.status).toBe('cancelled');
  });
});
