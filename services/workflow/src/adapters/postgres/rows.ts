import type { TenantPath } from '@suanli/kernel';
import { type SQL, sql } from 'drizzle-orm';
import type { Definition } from '../../domain/definition/definition.ts';
import type { HumanTask } from '../../domain/run/human-task.ts';
import type { Run } from '../../domain/run/run.ts';
import type { Step } from '../../domain/run/step.ts';
import type * as tables from './schema.ts';

/** Rows to domain objects and back. Null in SQL is absence; JSON null is a value. */

type OwnerRow = { accountId: string; subAccountId: string | null; workspaceId: string; principalId: string };

export function ownerColumns(tenant: TenantPath) {
  const { accountId, subAccountId = null, workspaceId, principalId } = tenant;
  return { accountId, subAccountId, workspaceId, principalId };
}

function tenantOf({ accountId, subAccountId, workspaceId, principalId }: OwnerRow): TenantPath {
  return { accountId, ...(subAccountId !== null && { subAccountId }), workspaceId, principalId };
}

/** An entry of an object, or nothing: absent fields must not exist. */
function field<Key extends string, T>(key: Key, value: T | null): { [K in Key]?: T } {
  return (value === null ? {} : { [key]: value }) as { [K in Key]?: T };
}
function json<Key extends string, T>(key: Key, value: { value: T } | null): { [K in Key]?: T } {
  return field(key, value === null ? null : value.value);
}
/** JSON null inside is kept. */
function jsonField<Key extends string, T>(key: Key, stored: { value: T } | null): { [K in Key]?: T } {
  return (stored === null ? {} : { [key]: stored.value }) as { [K in Key]?: T };
}
function time<Key extends string>(key: Key, value: Date | null): { [K in Key]?: number } {
  return field(key, value === null ? null : value.getTime());
}

export function toDefinition(row: typeof tables.definition.$inferSelect): Definition {
  const { id, namespace, name, version, digest } = row;
  const document = row.document.value;
  return { id, tenant: tenantOf(row), namespace, name, version, digest, document, createdAt: row.createdAt.getTime() };
}

export function toRun(row: typeof tables.run.$inferSelect): Run {
  const { id, definitionId, definitionDigest, status, review, costMicros, contextVersion, contextCount, stepCount } =
    row;
  return {
    ...{ id, definitionId, definitionDigest, status, review, costMicros, contextVersion, contextCount, stepCount },
    tenant: tenantOf(row),
    ...json('error', row.error),
    input: row.input.value,
    ...jsonField('output', row.output),
    sequence: row.sequence,
    version: row.version,
    ...(row.forkedFromRunId !== null && {
      forkedFrom: { runId: row.forkedFromRunId, stepId: row.forkedFromStepId ?? '' },
    }),
    createdAt: row.createdAt.getTime(),
    ...time('finishedAt', row.finishedAt),
  };
}

export function toStep(row: typeof tables.step.$inferSelect): Step {
  const { id, runId, path, name, kind, iteration, revision, ordinal, status, isFrame, round, contextVersion } = row;
  const { attempt, crashCount, fence, dispatchSeq, costMicros, isJobEnded, madeBy } = row;
  return {
    ...{ id, runId, path, name, kind, iteration, revision, ordinal, status, isFrame, round, contextVersion },
    ...{ attempt, crashCount, fence, dispatchSeq, costMicros, isJobEnded, madeBy },
    ...field('parentId', row.parentId),
    ...field('function', row.function),
    input: row.input.value,
    ...jsonField('taskInput', row.taskInput),
    ...jsonField('arguments', row.arguments),
    ...jsonField('output', row.output),
    ...json('error', row.error),
    ...json('state', row.state),
    ...json('resume', row.resume),
    ...time('dueAt', row.dueAt),
    ...field('jobId', row.jobId),
    ...field('humanTaskId', row.humanTaskId),
    ...field('comment', row.comment),
    createdAt: row.createdAt.getTime(),
    ...time('startedAt', row.startedAt),
    ...time('finishedAt', row.finishedAt),
  };
}

export function toHumanTask(row: typeof tables.humanTask.$inferSelect): HumanTask {
  const { id, runId, stepId, title, status } = row;
  return {
    ...{ id, runId, stepId, title, status },
    tenant: tenantOf(row),
    subject: row.subject.value,
    actions: row.actions.value,
    ...jsonField('schema', row.schema),
    ...field('action', row.action),
    ...field('comment', row.comment),
    ...field('decidedBy', row.decidedBy),
    createdAt: row.createdAt.getTime(),
    ...time('decidedAt', row.decidedAt),
    ...time('expiresAt', row.expiresAt),
  };
}

/** A column for a value that may be absent. */
export function stored<T>(value: T | undefined): { value: T } | null {
  return value === undefined ? null : { value };
}

export function date(instant: number | undefined): Date | null {
  return instant === undefined ? null : new Date(instant);
}

/** So far from now, by the clock of the database, which all replicas share. */
export function inMs(ms: number): SQL<Date> {
  return sql<Date>`clock_timestamp() + ${ms}::double precision * interval '1 millisecond'`;
}
