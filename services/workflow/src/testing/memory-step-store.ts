import { type Clock, invariant } from '@suanli/kernel';
import type { NewStep, StepPatch, StepStore } from '../app/ports.ts';
import { isLive, type Step } from '../domain/run/step.ts';
import type { MemoryState } from './memory-state.ts';

export function memoryStepStore(state: MemoryState, clock: Clock): StepStore {
  const all = () => [...state.steps.values()].sort((a, b) => a.ordinal - b.ordinal);
  const isNow = (step: Step) => step.dueAt !== undefined && step.dueAt <= clock.now();
  const held = (id: string, fence: number) => {
    const step = state.steps.get(id);
    return step?.status === 'running' && step.fence === fence ? step : undefined;
  };
  return {
    async insert(steps) {
      return steps.map((one) => insertOne(state, clock, one));
    },
    async update(id, patch) {
      const step = state.steps.get(id);
      invariant(step !== undefined, `no step ${id}`);
      invariant(step.status !== 'superseded' || patch.status === undefined, `step ${id} is superseded`);
      state.steps.set(id, checked(applied(step, patch, clock)));
    },
    get: async (runId, id) => {
      const step = state.steps.get(id);
      return step?.runId === runId ? step : undefined;
    },
    find: async (id) => state.steps.get(id),
    load: async (ids) => all().filter((step) => ids.includes(step.id)),
    async chain(id) {
      const chain: Step[] = [];
      for (let step = state.steps.get(id); step; step = state.steps.get(step.parentId ?? '')) chain.unshift(step);
      return chain;
    },
    async branchOutputs(forks) {
      const ended = (forkId: string) =>
        all().filter((step) => step.parentId === forkId && (step.status === 'completed' || step.status === 'skipped'));
      return new Map(forks.map(({ id }) => [id, new Map(ended(id).map((step) => [step.path, step.output ?? null]))]));
    },
    async heads(runId, isLiveOnly) {
      return all()
        .filter((step) => step.runId === runId && (isLiveOnly ? isLive(step.status) : step.status !== 'superseded'))
        .map((step) => ({ ...step, isDue: step.dueAt !== undefined }));
    },
    async list(runId, { afterOrdinal, limit, withSuperseded }) {
      return all()
        .filter((step) => step.runId === runId && step.ordinal > afterOrdinal)
        .filter((step) => withSuperseded || step.status !== 'superseded')
        .slice(0, limit);
    },
    async claim(id, leaseMs) {
      const step = state.steps.get(id);
      if (step?.status !== 'ready') return undefined;
      const now = clock.now();
      const taken = {
        fence: step.fence + 1,
        attempt: step.attempt + 1,
        dueAt: now + leaseMs,
        startedAt: step.startedAt ?? now,
      };
      const claimed: Step = { ...step, status: 'running', ...taken };
      state.steps.set(id, claimed);
      return claimed;
    },
    isHeld: async (id, fence) => held(id, fence) !== undefined,
    async heartbeat(id, fence, leaseMs) {
      const step = held(id, fence);
      if (step) state.steps.set(id, { ...step, dueAt: clock.now() + leaseMs });
      return step !== undefined;
    },
    async due(limit) {
      return all()
        .filter(isNow)
        .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
        .slice(0, limit);
    },
    async redispatch(ids, { firstMs, maxMs }) {
      const again = all().filter((step) => ids.includes(step.id) && step.status === 'ready' && isNow(step));
      return again.map((step) => {
        const dueAt = clock.now() + Math.min(maxMs, firstMs * 2 ** Math.min(step.dispatchSeq, 20));
        const dispatchSeq = step.dispatchSeq + 1;
        state.steps.set(step.id, { ...step, dispatchSeq, dueAt });
        return { stepId: step.id, dispatchSeq };
      });
    },
    isDue: async (id) => {
      const step = state.steps.get(id);
      return step !== undefined && isNow(step);
    },
    async reparent(fromId, toId) {
      for (const step of all()) {
        if (step.parentId === fromId && step.status !== 'superseded')
          state.steps.set(step.id, { ...step, parentId: toId });
      }
    },
  };
}

function insertOne(state: MemoryState, clock: Clock, { dueInMs, ...step }: NewStep): Step {
  const revisions = [...state.steps.values()].filter(
    (other) => other.runId === step.runId && other.path === step.path && other.iteration === step.iteration,
  );
  invariant(
    revisions.every((other) => other.status === 'superseded') || step.status === 'superseded',
    `two steps in force at ${step.path} ${step.iteration}`,
  );
  const inserted: Step = {
    ...step,
    revision: Math.max(0, ...revisions.map((other) => other.revision)) + 1,
    fence: 0,
    dispatchSeq: 0,
    ...(dueInMs !== undefined && { dueAt: clock.now() + dueInMs }),
  };
  state.steps.set(step.id, checked(inserted));
  return inserted;
}

function applied(step: Step, patch: StepPatch, clock: Clock): Step {
  const { isFenced, addDispatch, dueInMs, error, resume, ...rest } = patch;
  const next: Step = { ...step, ...rest };
  if (isFenced) next.fence += 1;
  if (addDispatch) next.dispatchSeq += 1;
  if (dueInMs === null) delete next.dueAt;
  else if (dueInMs !== undefined) next.dueAt = clock.now() + dueInMs;
  if (resume === null) delete next.resume;
  else if (resume !== undefined) next.resume = resume;
  if (error === null) delete next.error;
  else if (error !== undefined) next.error = error;
  return next;
}

/** The CHECKs of the database. */
function checked(step: Step): Step {
  const { status, dueAt, resume, isFrame } = step;
  invariant(status !== 'ready' || (dueAt !== undefined && resume !== undefined), 'a ready step is due and goes on');
  invariant(status !== 'running' || isFrame || dueAt !== undefined, 'a running step is due');
  invariant(isLive(status) || dueAt === undefined, `an ended step is not due: ${status}`);
  return step;
}
