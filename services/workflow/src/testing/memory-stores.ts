import { type Clock, invariant } from '@suanli/kernel';
import type { Owner, Page, RunPatch, Stores, Transact } from '../app/ports.ts';
import { isEnded, type Run } from '../domain/run/run.ts';
import { emptyState, type MemoryState } from './memory-state.ts';
import { memoryStepStore } from './memory-step-store.ts';

/** The store in memory: one transaction after another, all or nothing. `state` shows what has been committed. */
export function memoryTransact(clock: Clock): { transact: Transact; state: () => MemoryState } {
  let committed = emptyState();
  let turn: Promise<unknown> = Promise.resolve();
  const transact: Transact = (work) => {
    const result = turn.then(async () => {
      const draft = structuredClone(committed);
      const answer = await work(memoryStores(draft, clock));
      committed = draft;
      return answer;
    });
    turn = result.catch(() => undefined);
    return result;
  };
  return { transact, state: () => committed };
}

function memoryStores(state: MemoryState, clock: Clock): Stores {
  return {
    definitions: definitionStore(state),
    runs: runStore(state),
    steps: memoryStepStore(state, clock),
    humanTasks: humanTaskStore(state),
    ...logs(state, clock),
  };
}

const isOwn = (owner: Owner, { tenant }: { tenant: Owner }) =>
  tenant.accountId === owner.accountId && tenant.workspaceId === owner.workspaceId;

function newestFirst<T extends { id: string; tenant: Owner }>(
  rows: Iterable<T>,
  owner: Owner,
  { limit, before }: Page,
): T[] {
  return [...rows]
    .filter((row) => isOwn(owner, row) && (before === undefined || row.id < before))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

function own<T extends { tenant: Owner }>(owner: Owner, row: T | undefined): T | undefined {
  return row && isOwn(owner, row) ? row : undefined;
}

function definitionStore({ definitions }: MemoryState): Stores['definitions'] {
  const sameVersion = (
    owner: Owner,
    { namespace, name, version }: { namespace: string; name: string; version: string },
  ) =>
    [...definitions.values()].find(
      (one) => isOwn(owner, one) && one.namespace === namespace && one.name === name && one.version === version,
    );
  return {
    async insert(definition) {
      if (sameVersion(definition.tenant, definition)) return false;
      definitions.set(definition.id, definition);
      return true;
    },
    get: async (owner, id) => own(owner, definitions.get(id)),
    findVersion: async (owner, version) => sameVersion(owner, version),
    list: async (owner, page) => newestFirst(definitions.values(), owner, page),
    load: async (id) => definitions.get(id),
  };
}

function runStore({ runs, contexts }: MemoryState): Stores['runs'] {
  return {
    async insert(run) {
      runs.set(run.id, run);
    },
    get: async (owner, id) => own(owner, runs.get(id)),
    list: async (owner, { statuses, ...page }) =>
      newestFirst(
        [...runs.values()].filter(({ status }) => statuses.length === 0 || statuses.includes(status)),
        owner,
        page,
      ),
    load: async (id) => runs.get(id),
    lock: async (id) => runs.get(id),
    async update(id, patch) {
      const run = runs.get(id);
      invariant(run !== undefined, `no run ${id}`);
      runs.set(id, changedRun(run, patch));
    },
    async addContext(runId, version, value) {
      invariant(!contexts.has(`${runId}/${version}`), 'a version of the context is written once');
      contexts.set(`${runId}/${version}`, value);
    },
    context: async (runId, version) => contexts.get(`${runId}/${version}`) ?? null,
    async copyContexts(fromRunId, toRunId) {
      for (const [key, value] of [...contexts]) {
        if (key.startsWith(`${fromRunId}/`)) contexts.set(key.replace(fromRunId, toRunId), value);
      }
    },
  };
}

function changedRun(run: Run, { error, output, finishedAt, ...rest }: RunPatch): Run {
  const next: Run = { ...run, ...rest };
  if (error === null) delete next.error;
  else if (error !== undefined) next.error = error;
  if (output === null && next.status !== 'completed') delete next.output;
  else if (output !== undefined) next.output = output;
  if (finishedAt === null) delete next.finishedAt;
  else if (finishedAt !== undefined) next.finishedAt = finishedAt;
  invariant(isEnded(next.status) === (next.finishedAt !== undefined), 'a run that has ended is dated, no other');
  return next;
}

function humanTaskStore({ humanTasks }: MemoryState): Stores['humanTasks'] {
  return {
    async insert(task) {
      humanTasks.set(task.id, task);
    },
    get: async (owner, id) => own(owner, humanTasks.get(id)),
    lock: async (id) => humanTasks.get(id),
    async update(id, patch) {
      const task = humanTasks.get(id);
      invariant(task?.status === 'open', `human task ${id} is not open`);
      humanTasks.set(id, { ...task, ...patch });
    },
    async close(stepIds, status) {
      const open = [...humanTasks.values()].filter((task) => task.status === 'open' && stepIds.includes(task.stepId));
      return open.map((task) => {
        const closed = { ...task, status };
        humanTasks.set(task.id, closed);
        return closed;
      });
    },
    list: async (owner, { status, runId, ...page }) =>
      newestFirst(
        [...humanTasks.values()].filter(
          (task) => task.status === status && (runId === undefined || task.runId === runId),
        ),
        owner,
        page,
      ),
  };
}

function logs(
  state: MemoryState,
  clock: Clock,
): Pick<Stores, 'journal' | 'facts' | 'requests' | 'charges' | 'jobStops'> {
  return {
    journal: {
      async append(runId, entries) {
        const before = state.journal.get(runId) ?? [];
        const isGapless = entries.every((entry, i) => entry.sequence === BigInt(before.length + i + 1));
        invariant(isGapless, 'the journal has no gaps');
        state.journal.set(runId, [...before, ...entries]);
      },
      read: async (runId, after, limit) =>
        (state.journal.get(runId) ?? []).filter((entry) => entry.sequence > after).slice(0, limit),
    },
    facts: {
      async append(facts) {
        state.facts.push(...facts);
      },
    },
    requests: {
      async once({ scope, requestId, body }, effect) {
        const key = `${scope} ${requestId}`;
        const known = state.requests.get(key);
        if (known && known.body !== JSON.stringify(body)) return { kind: 'conflict' };
        if (known) return { kind: 'replayed', answer: known.answer as Awaited<ReturnType<typeof effect>> };
        const answer = await effect();
        state.requests.set(key, { body: JSON.stringify(body), answer });
        return { kind: 'done', answer };
      },
    },
    charges: {
      async insert(charge) {
        const key = `${charge.usageId} ${charge.billLineId} ${charge.meter}`;
        if (state.charges.has(key)) return false;
        state.charges.set(key, charge);
        return true;
      },
      async addCost(runId, stepId, amountMicros) {
        const [run, step] = [state.runs.get(runId), state.steps.get(stepId)];
        if (run) state.runs.set(runId, { ...run, costMicros: run.costMicros + amountMicros });
        if (step) state.steps.set(stepId, { ...step, costMicros: step.costMicros + amountMicros });
      },
    },
    jobStops: {
      async add(stepIds) {
        for (const id of stepIds) if (!state.jobStops.has(id)) state.jobStops.set(id, clock.now());
      },
      due: async (limit) =>
        [...state.jobStops]
          .filter(([, at]) => at <= clock.now())
          .slice(0, limit)
          .map(([id]) => id),
      async later(stepId, delayMs) {
        state.jobStops.set(stepId, clock.now() + delayMs);
      },
      async done(stepId) {
        state.jobStops.delete(stepId);
      },
    },
  };
}
