import { createIdSource } from '@suanli/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewStep, Transact } from '../src/app/ports.ts';
import type { HumanTask } from '../src/domain/run/human-task.ts';
import type { Run } from '../src/domain/run/run.ts';
import { TENANT } from '../src/testing/memory-workflow.ts';

let made = 0;
const ids = createIdSource(
  () => 1_800_000_000_000,
  (size) => {
    made += 1;
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, made);
    return bytes;
  },
);
const NOW = 1_800_000_000_000;
const STRANGER = { ...TENANT, workspaceId: 'wsp_2' };
const HOUR_MS = 3_600_000;

function aRun(definitionId: string): Run {
  const counts = { contextVersion: 0, contextCount: 0, stepCount: 0, sequence: 0n, version: 0n, costMicros: 0n };
  const rest = {
    definitionDigest: 'sha256:0',
    status: 'running' as const,
    review: 'as_defined' as const,
    createdAt: NOW,
  };
  return { id: ids.next('run'), tenant: TENANT, definitionId, input: { text: 'a\u0000b' }, ...counts, ...rest };
}

function aStep(runId: string, path: string, more: Partial<NewStep> = {}): NewStep {
  const what = {
    name: path.split('/').at(-1) ?? '',
    kind: 'call' as const,
    function: 'llm.chat' as const,
    iteration: '',
  };
  const counts = { round: 0, contextVersion: 0, attempt: 0, crashCount: 0, costMicros: 0n, ordinal: made };
  const state = {
    status: 'ready' as const,
    resume: { kind: 'enter' as const },
    dueInMs: 0,
    isFrame: false,
    isJobEnded: false,
  };
  return {
    id: ids.next('stp'),
    runId,
    path,
    ...what,
    ...counts,
    ...state,
    input: null,
    madeBy: 'run',
    createdAt: NOW,
    ...more,
  };
}

/** What every store promises, whatever keeps its rows. */
export function storesSuite(name: string, make: () => Promise<{ transact: Transact } & AsyncDisposable>): void {
  describe(`the stores ${name}`, () => {
    let transact: Transact;
    let made: AsyncDisposable;
    let definitionId: string;
    beforeAll(async () => {
      const stores = await make();
      [transact, made] = [stores.transact, stores];
      definitionId = await define('flow', '1.0.0');
    });
    afterAll(() => made[Symbol.asyncDispose]());

    const define = async (flow: string, version: string, tenant = TENANT) => {
      const id = ids.next('wfd');
      const what = { namespace: 'test', name: flow, version, digest: 'sha256:0', document: { do: [] }, createdAt: NOW };
      const isNew = await transact(({ definitions }) => definitions.insert({ id, tenant, ...what }));
      return isNew ? id : '';
    };
    const begin = async () => {
      const run = aRun(definitionId);
      await transact(({ runs }) => runs.insert(run));
      return run;
    };
    const insert = async (...steps: NewStep[]) => transact((stores) => stores.steps.insert(steps));

    it('keep one definition of each version, each tenant its own', async () => {
      expect(await define('flow', '1.0.0')).toBe('');
      expect(await define('flow', '1.0.1')).not.toBe('');
      expect(await define('flow', '1.0.0', STRANGER)).not.toBe('');
      const seen = await transact(({ definitions }) => definitions.get(STRANGER, definitionId));
      expect(seen).toBeUndefined();
    });

    it('list the newest first, page by page, and only the tenant’s own', async () => {
      const all = [await begin(), await begin(), await begin()].map((run) => run.id).reverse();
      const list = (before?: string) =>
        transact(({ runs }) =>
          runs.list(TENANT, { limit: 2, statuses: ['running'], ...(before !== undefined && { before }) }),
        );
      const first = await list();
      expect(first.map((run) => run.id)).toEqual(all.slice(0, 2));
      expect((await list(all[1])).map((run) => run.id)[0]).toBe(all[2]);
      expect(await transact(({ runs }) => runs.list(STRANGER, { limit: 9, statuses: [] }))).toEqual([]);
      expect(first[0]?.input).toEqual({ text: 'a\u0000b' });
    });

    it('roll back as a whole', async () => {
      const run = aRun(definitionId);
      const work = transact(async ({ runs }) => {
        await runs.insert(run);
        throw new Error('no');
      });
      await expect(work).rejects.toThrow('no');
      expect(await transact(({ runs }) => runs.load(run.id))).toBeUndefined();
    });

    it('number the revisions of a step, and let only one be in force', async () => {
      const { id: runId } = await begin();
      const [first] = await insert(aStep(runId, '/do/0/a'));
      await expect(insert(aStep(runId, '/do/0/a'))).rejects.toBeInstanceOf(Error);
      await transact(({ steps }) =>
        steps.update(first?.id ?? '', { status: 'superseded', resume: null, dueInMs: null }),
      );
      const [second] = await insert(aStep(runId, '/do/0/a'));
      const [other] = await insert(aStep(runId, '/do/0/a', { iteration: '0' }));
      expect([first?.revision, second?.revision, other?.revision]).toEqual([1, 2, 1]);
      await expect(
        transact(({ steps }) => steps.update(first?.id ?? '', { status: 'completed', output: 1 })),
      ).rejects.toBeInstanceOf(Error);
    });

    it('give a step to one of those who claim it, and its fence tells them apart', async () => {
      const { id: runId } = await begin();
      const [step] = await insert(aStep(runId, '/do/0/a'));
      const id = step?.id ?? '';
      const claims = await Promise.all([1, 2, 3].map(() => transact(({ steps }) => steps.claim(id, HOUR_MS))));
      expect(claims.filter((claim) => claim !== undefined)).toMatchObject([
        { status: 'running', fence: 1, attempt: 1 },
      ]);
      const held = (fence: number) => transact(({ steps }) => steps.isHeld(id, fence));
      expect([await held(1), await held(0)]).toEqual([true, false]);
      expect(await transact(({ steps }) => steps.heartbeat(id, 1, HOUR_MS))).toBe(true);
      await transact(({ steps }) => steps.update(id, { status: 'ready', isFenced: true, dueInMs: 0 }));
      expect([await held(1), await transact(({ steps }) => steps.heartbeat(id, 1, HOUR_MS))]).toEqual([false, false]);
    });

    it('know what is due, and count each dispatch', async () => {
      const { id: runId } = await begin();
      const [now, later] = await insert(aStep(runId, '/do/0/a'), aStep(runId, '/do/1/b', { dueInMs: HOUR_MS }));
      const due = (await transact(({ steps }) => steps.due(100))).map((step) => step.id);
      expect([due.includes(now?.id ?? ''), due.includes(later?.id ?? '')]).toEqual([true, false]);
      const again = () =>
        transact(({ steps }) =>
          steps.redispatch([now?.id ?? '', later?.id ?? ''], { firstMs: HOUR_MS, maxMs: HOUR_MS }),
        );
      expect(await again()).toEqual([{ stepId: now?.id, dispatchSeq: 1 }]);
      expect(await again()).toEqual([]);
      expect(await transact(({ steps }) => steps.isDue(now?.id ?? ''))).toBe(false);
    });

    it('find the frames around a step, and what the branches of a fork gave', async () => {
      const { id: runId } = await begin();
      const frame = { isFrame: true, status: 'running' as const, function: undefined };
      const { function: _f, ...plain } = frame;
      const outer = aStep(runId, '/do/0/f', { ...plain, kind: 'fork' });
      const left = aStep(runId, '/do/0/f/fork/branches/0/l', { ...plain, kind: 'do', parentId: outer.id });
      const inner = aStep(runId, '/do/0/f/fork/branches/0/l/do/0/x', { parentId: left.id });
      const ended = { status: 'completed' as const, output: null, parentId: outer.id };
      const { dueInMs: _d, resume: _r, ...right } = aStep(runId, '/do/0/f/fork/branches/1/r', ended);
      const [fork] = await insert({ ...outer, ...plain }, left, inner, right);
      const chain = await transact(({ steps }) => steps.chain(inner.id));
      expect(chain.map((step) => step.id)).toEqual([outer.id, left.id, inner.id]);
      const outputs = await transact(({ steps }) => steps.branchOutputs(fork ? [fork] : []));
      expect([...(outputs.get(outer.id) ?? [])]).toEqual([[right.path, null]]);
      expect((await transact(({ steps }) => steps.heads(runId, true))).map((head) => head.id)).toEqual([
        outer.id,
        left.id,
        inner.id,
      ]);
      await transact(({ steps }) => steps.reparent(outer.id, left.id));
      expect((await transact(({ steps }) => steps.find(right.id)))?.parentId).toBe(left.id);
    });

    it('tell JSON null from nothing', async () => {
      const { id: runId } = await begin();
      const [step] = await insert(aStep(runId, '/do/0/a', { arguments: null }));
      expect(step).toMatchObject({ arguments: null });
      expect(step).not.toHaveProperty('output');
      await transact(({ steps }) => steps.update(step?.id ?? '', { output: null }));
      expect(await transact(({ steps }) => steps.find(step?.id ?? ''))).toMatchObject({ output: null });
    });

    it('take one decision on a human task', async () => {
      const { id: runId } = await begin();
      const [step] = await insert(aStep(runId, '/do/0/a'));
      const stepId = step?.id ?? '';
      const base = {
        tenant: TENANT,
        runId,
        stepId,
        title: 'x',
        subject: null,
        actions: ['approve' as const],
        createdAt: NOW,
      };
      const task: HumanTask = { id: ids.next('htk'), status: 'open', ...base };
      await transact(({ humanTasks }) => humanTasks.insert(task));
      const decided = { status: 'decided' as const, action: 'approve' as const, decidedBy: 'usr_1', decidedAt: NOW };
      await transact(({ humanTasks }) => humanTasks.update(task.id, decided));
      await expect(transact(({ humanTasks }) => humanTasks.update(task.id, decided))).rejects.toBeInstanceOf(Error);
      expect(await transact(({ humanTasks }) => humanTasks.close([stepId], 'withdrawn'))).toEqual([]);
      expect(await transact(({ humanTasks }) => humanTasks.get(STRANGER, task.id))).toBeUndefined();
      expect(await transact(({ humanTasks }) => humanTasks.get(TENANT, task.id))).toMatchObject(decided);
    });

    it('answer a request as before, and refuse another body', async () => {
      const once = (body: string, answer: string) =>
        transact(({ requests }) => requests.once({ scope: 's', requestId: 'r', body }, async () => answer));
      expect(await once('a', 'first')).toMatchObject({ kind: 'done', answer: 'first' });
      expect(await once('a', 'second')).toMatchObject({ kind: 'replayed', answer: 'first' });
      expect(await once('b', 'third')).toEqual({ kind: 'conflict' });
    });

    it('keep the journal, the context and the charges of a run', async () => {
      const { id: runId } = await begin();
      const [step] = await insert(aStep(runId, '/do/0/a'));
      const stepId = step?.id ?? '';
      const entry = (sequence: bigint) => ({ sequence, type: 'x', stepId, data: { a: 'b\u0000' }, occurredAt: NOW });
      await transact(({ journal }) => journal.append(runId, [entry(1n), entry(2n)]));
      expect(await transact(({ journal }) => journal.read(runId, 1n, 9))).toEqual([entry(2n)]);
      await transact(({ runs }) => runs.addContext(runId, 1, { a: 1 }));
      expect(await transact(({ runs }) => runs.context(runId, 1))).toEqual({ a: 1 });
      expect(await transact(({ runs }) => runs.context(runId, 0))).toBeNull();
      const charge = { usageId: ids.next('use'), billLineId: 'b', meter: 'm', stepId, runId, amountMicros: 5n };
      expect([
        await transact(({ charges }) => charges.insert(charge)),
        await transact(({ charges }) => charges.insert(charge)),
      ]).toEqual([true, false]);
      await transact(({ charges }) => charges.addCost(runId, stepId, 5n));
      expect(await transact(({ runs }) => runs.load(runId))).toMatchObject({ costMicros: 5n });
    });

    it('remember jobs to stop until they are', async () => {
      const { id: runId } = await begin();
      const [step] = await insert(aStep(runId, '/do/0/a'));
      const stepId = step?.id ?? '';
      const due = () => transact(({ jobStops }) => jobStops.due(100));
      await transact(({ jobStops }) => jobStops.add([stepId]));
      await transact(({ jobStops }) => jobStops.add([stepId]));
      expect(await due()).toEqual([stepId]);
      await transact(({ jobStops }) => jobStops.later(stepId, HOUR_MS));
      expect(await due()).toEqual([]);
      await transact(({ jobStops }) => jobStops.done(stepId));
    });
  });
}
