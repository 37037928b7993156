import type { Tx } from '@suanli/postgres';
import { and, asc, eq, gt, inArray, lte, ne, sql } from 'drizzle-orm';
import type { NewStep, StepPatch, StepStore } from '../../../app/ports.ts';
import type { Json } from '../../../domain/json.ts';
import { LIVE_STATUSES } from '../../../domain/run/step.ts';
import { date, inMs, stored, toStep } from '../rows.ts';
import { step } from '../schema.ts';

const NOW = sql<Date>`clock_timestamp()`;

export function stepStore(tx: Tx): StepStore {
  return {
    async insert(steps) {
      const inserted = [];
      for (const one of steps) inserted.push(...(await tx.insert(step).values(columnsOf(one)).returning()));
      return inserted.map(toStep);
    },
    async update(id, patch) {
      await tx.update(step).set(changesOf(patch)).where(eq(step.id, id));
    },
    async get(runId, id) {
      const [row] = await tx
        .select()
        .from(step)
        .where(and(eq(step.id, id), eq(step.runId, runId)));
      return row && toStep(row);
    },
    async find(id) {
      const [row] = await tx.select().from(step).where(eq(step.id, id));
      return row && toStep(row);
    },
    async load(ids) {
      if (ids.length === 0) return [];
      const rows = await tx
        .select()
        .from(step)
        .where(inArray(step.id, [...ids]))
        .orderBy(asc(step.ordinal));
      return rows.map(toStep);
    },
    async chain(id) {
      const above = await tx.execute<{ id: string }>(sql`
        with recursive above as (
          select id, parent_id, 0 as height from step where id = ${id}
          union all
          select step.id, step.parent_id, above.height + 1 from step join above on step.id = above.parent_id
        ) select id from above order by height desc`);
      const ids = above.rows.map((row) => row.id);
      const rows = new Map((await tx.select().from(step).where(inArray(step.id, ids))).map((row) => [row.id, row]));
      return ids.flatMap((one) => rows.get(one) ?? []).map(toStep);
    },
    async branchOutputs(forks) {
      const outputs = new Map<string, Map<string, Json>>();
      for (const fork of forks) {
        const rows = await tx
          .select({ path: step.path, output: step.output })
          .from(step)
          .where(and(eq(step.parentId, fork.id), inArray(step.status, ['completed', 'skipped'])));
        outputs.set(fork.id, new Map(rows.map(({ path, output }) => [path, output?.value ?? null])));
      }
      return outputs;
    },
    async heads(runId, isLiveOnly) {
      const inForce = isLiveOnly ? inArray(step.status, [...LIVE_STATUSES]) : ne(step.status, 'superseded');
      const rows = await tx
        .select(headColumns)
        .from(step)
        .where(and(eq(step.runId, runId), inForce))
        .orderBy(asc(step.ordinal));
      return rows.map(({ parentId, function: called, humanTaskId, dueAt, ...rest }) => ({
        ...rest,
        isDue: dueAt !== null,
        ...(parentId !== null && { parentId }),
        ...(called !== null && { function: called }),
        ...(humanTaskId !== null && { humanTaskId }),
      }));
    },
    async list(runId, { afterOrdinal, limit, withSuperseded }) {
      const shown = withSuperseded ? undefined : ne(step.status, 'superseded');
      const rows = await tx
        .select()
        .from(step)
        .where(and(eq(step.runId, runId), gt(step.ordinal, afterOrdinal), shown))
        .orderBy(asc(step.ordinal))
        .limit(limit);
      return rows.map(toStep);
    },
    async claim(id, leaseMs) {
      const [row] = await tx
        .update(step)
        .set({
          status: 'running',
          fence: sql`${step.fence} + 1`,
          attempt: sql`${step.attempt} + 1`,
          dueAt: inMs(leaseMs),
          startedAt: sql`coalesce(${step.startedAt}, clock_timestamp())`,
        })
        .where(and(eq(step.id, id), eq(step.status, 'ready')))
        .returning();
      return row && toStep(row);
    },
    async isHeld(id, fence) {
      const held = and(eq(step.id, id), eq(step.fence, fence), eq(step.status, 'running'));
      const rows = await tx.select({ id: step.id }).from(step).where(held).for('update');
      return rows.length === 1;
    },
    async heartbeat(id, fence, leaseMs) {
      const held = and(eq(step.id, id), eq(step.fence, fence), eq(step.status, 'running'));
      const prolonged = await tx
        .update(step)
        .set({ dueAt: inMs(leaseMs) })
        .where(held)
        .returning({ id: step.id });
      return prolonged.length === 1;
    },
    async due(limit) {
      return tx
        .select({ id: step.id, runId: step.runId, status: step.status })
        .from(step)
        .where(lte(step.dueAt, NOW))
        .orderBy(asc(step.dueAt))
        .limit(limit);
    },
    async redispatch(ids, { firstMs, maxMs }) {
      if (ids.length === 0) return [];
      const backoffMs = sql`least(${maxMs}::double precision, ${firstMs} * power(2, least(${step.dispatchSeq}, 20)))`;
      return tx
        .update(step)
        .set({
          dispatchSeq: sql`${step.dispatchSeq} + 1`,
          dueAt: sql`clock_timestamp() + ${backoffMs} * interval '1 millisecond'`,
        })
        .where(and(inArray(step.id, [...ids]), eq(step.status, 'ready'), lte(step.dueAt, NOW)))
        .returning({ stepId: step.id, dispatchSeq: step.dispatchSeq });
    },
    async isDue(id) {
      const rows = await tx
        .select({ id: step.id })
        .from(step)
        .where(and(eq(step.id, id), lte(step.dueAt, NOW)))
        .for('update');
      return rows.length === 1;
    },
    async reparent(fromId, toId) {
      await tx
        .update(step)
        .set({ parentId: toId })
        .where(and(eq(step.parentId, fromId), ne(step.status, 'superseded')));
    },
  };
}

const headColumns = {
  id: step.id,
  parentId: step.parentId,
  path: step.path,
  iteration: step.iteration,
  ordinal: step.ordinal,
  revision: step.revision,
  status: step.status,
  isFrame: step.isFrame,
  kind: step.kind,
  function: step.function,
  humanTaskId: step.humanTaskId,
  isJobEnded: step.isJobEnded,
  dueAt: step.dueAt,
};

function columnsOf(one: NewStep) {
  const { dueInMs, taskInput, arguments: given, output, error, state, resume, input, ...rest } = one;
  const { createdAt, startedAt, finishedAt, ...plain } = rest;
  return {
    ...plain,
    revision: sql<number>`(select coalesce(max(s.revision), 0) + 1 from step s
      where s.run_id = ${one.runId} and s.path = ${one.path} and s.iteration = ${one.iteration})`,
    input: { value: input },
    taskInput: stored(taskInput),
    arguments: stored(given),
    output: stored(output),
    error: stored(error),
    state: stored(state),
    resume: stored(resume ?? undefined),
    dueAt: dueInMs === undefined ? null : inMs(dueInMs),
    createdAt: new Date(createdAt),
    startedAt: date(startedAt),
    finishedAt: date(finishedAt),
  };
}

function changesOf(patch: StepPatch) {
  const {
    taskInput,
    arguments: given,
    output,
    error,
    state,
    resume,
    dueInMs,
    isFenced,
    addDispatch,
    finishedAt,
    ...plain
  } = patch;
  return {
    ...plain,
    ...(taskInput !== undefined && { taskInput: { value: taskInput } }),
    ...(given !== undefined && { arguments: { value: given } }),
    ...(output !== undefined && { output: { value: output } }),
    ...(error !== undefined && { error: error === null ? null : { value: error } }),
    ...(state !== undefined && { state: { value: state } }),
    ...(resume !== undefined && { resume: resume === null ? null : { value: resume } }),
    ...(dueInMs !== undefined && { dueAt: dueInMs === null ? null : inMs(dueInMs) }),
    ...(isFenced && { fence: sql`${step.fence} + 1` }),
    ...(addDispatch && { dispatchSeq: sql`${step.dispatchSeq} + 1` }),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt) }),
  };
}
