import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { TaskKind } from '../../domain/definition/program.ts';
import type { FunctionName } from '../../domain/definition/program.ts';
import type { ReviewAction } from '../../domain/definition/functions.ts';
import type { Json } from '../../domain/json.ts';
import type { HumanTaskStatus } from '../../domain/run/human-task.ts';
import type { ReviewMode, RunStatus } from '../../domain/run/run.ts';
import type { FrameState, Resume, StepStatus } from '../../domain/run/step.ts';
import type { WorkflowError } from '../../domain/run/workflow-error.ts';

export { inbox, leadership, outbox, requests } from '@suanli/postgres';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
const int64 = (name: string) => bigint(name, { mode: 'bigint' });

/** JSON as text: `jsonb` would refuse U+0000 and reorder keys, and nothing here is searched by content. */
const json = <T>(name: string) =>
  customType<{ data: { value: T }; driverData: string }>({
    dataType: () => 'text',
    toDriver: ({ value }) => JSON.stringify(value),
    fromDriver: (stored) => ({ value: JSON.parse(stored) as T }),
  })(name);

const owner = {
  accountId: text('account_id').notNull(),
  subAccountId: text('sub_account_id'),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
};

/** Never changes: a trigger refuses it. */
export const definition = pgTable(
  'definition',
  {
    id: text('id').primaryKey(),
    ...owner,
    namespace: text('namespace').notNull(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    digest: text('digest').notNull(),
    document: json<Json>('document').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('definition_version').on(t.accountId, t.workspaceId, t.namespace, t.name, t.version),
    index('definition_owner').on(t.accountId, t.workspaceId, t.id),
  ],
);

export const run = pgTable(
  'run',
  {
    id: text('id').primaryKey(),
    ...owner,
    definitionId: text('definition_id')
      .notNull()
      .references(() => definition.id),
    definitionDigest: text('definition_digest').notNull(),
    status: text('status').$type<RunStatus>().notNull(),
    error: json<WorkflowError>('error'),
    input: json<Json>('input').notNull(),
    output: json<Json>('output'),
    review: text('review').$type<ReviewMode>().notNull(),
    costMicros: int64('cost_micros').notNull(),
    contextVersion: integer('context_version').notNull(),
    contextCount: integer('context_count').notNull(),
    stepCount: integer('step_count').notNull(),
    sequence: int64('sequence').notNull(),
    version: int64('version').notNull(),
    forkedFromRunId: text('forked_from_run_id'),
    forkedFromStepId: text('forked_from_step_id'),
    createdAt: instant('created_at').notNull(),
    finishedAt: instant('finished_at'),
  },
  (t) => [index('run_owner').on(t.accountId, t.workspaceId, t.id)],
);

/** Versions of a run's `$context`: a step that is done again begins with the one that it began with before. */
export const runContext = pgTable(
  'run_context',
  {
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    version: integer('version').notNull(),
    value: json<Json>('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.version] })],
);

export const step = pgTable(
  'step',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    parentId: text('parent_id'),
    path: text('path').notNull(),
    name: text('name').notNull(),
    kind: text('kind').$type<TaskKind>().notNull(),
    function: text('function').$type<FunctionName>(),
    iteration: text('iteration').notNull(),
    revision: integer('revision').notNull(),
    ordinal: integer('ordinal').notNull(),
    status: text('status').$type<StepStatus>().notNull(),
    isFrame: boolean('is_frame').notNull(),
    input: json<Json>('input').notNull(),
    taskInput: json<Json>('task_input'),
    arguments: json<Json>('arguments'),
    output: json<Json>('output'),
    error: json<WorkflowError>('error'),
    state: json<FrameState>('state'),
    round: integer('round').notNull(),
    resume: json<Resume>('resume'),
    contextVersion: integer('context_version').notNull(),
    attempt: integer('attempt').notNull(),
    crashCount: integer('crash_count').notNull(),
    fence: integer('fence').notNull().default(0),
    dispatchSeq: integer('dispatch_seq').notNull().default(0),
    dueAt: instant('due_at'),
    costMicros: int64('cost_micros').notNull(),
    jobId: text('job_id'),
    isJobEnded: boolean('is_job_ended').notNull(),
    humanTaskId: text('human_task_id'),
    madeBy: text('made_by').notNull(),
    comment: text('comment'),
    createdAt: instant('created_at').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    uniqueIndex('step_revision').on(t.runId, t.path, t.iteration, t.revision),
    uniqueIndex('step_in_force').on(t.runId, t.path, t.iteration).where(sql`status <> 'superseded'`),
    index('step_order').on(t.runId, t.ordinal),
    index('step_live').on(t.runId).where(sql`status in ('ready', 'running', 'waiting', 'review')`),
    index('step_due').on(t.dueAt).where(sql`due_at is not null`),
    index('step_parent').on(t.parentId),
  ],
);

export const humanTask = pgTable(
  'human_task',
  {
    id: text('id').primaryKey(),
    ...owner,
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    stepId: text('step_id')
      .notNull()
      .references(() => step.id),
    title: text('title').notNull(),
    subject: json<Json>('subject').notNull(),
    actions: json<ReviewAction[]>('actions').notNull(),
    schema: json<Json>('schema'),
    status: text('status').$type<HumanTaskStatus>().notNull(),
    action: text('action').$type<ReviewAction>(),
    comment: text('comment'),
    decidedBy: text('decided_by'),
    createdAt: instant('created_at').notNull(),
    decidedAt: instant('decided_at'),
    expiresAt: instant('expires_at'),
  },
  (t) => [
    index('human_task_owner').on(t.accountId, t.workspaceId, t.status, t.id),
    index('human_task_run').on(t.runId, t.id),
    uniqueIndex('human_task_open').on(t.stepId).where(sql`status = 'open'`),
  ],
);

export const journal = pgTable(
  'journal',
  {
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    sequence: int64('sequence').notNull(),
    type: text('type').notNull(),
    stepId: text('step_id'),
    data: json<Json>('data').notNull(),
    occurredAt: instant('occurred_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.sequence] })],
);

/** What was charged for steps. The key is the charge's own: told twice, it counts once. */
export const stepCharge = pgTable(
  'step_charge',
  {
    usageId: text('usage_id').notNull(),
    billLineId: text('bill_line_id').notNull(),
    meter: text('meter').notNull(),
    stepId: text('step_id')
      .notNull()
      .references(() => step.id),
    runId: text('run_id').notNull(),
    amountMicros: int64('amount_micros').notNull(),
    recordedAt: instant('recorded_at').notNull().default(sql`clock_timestamp()`),
  },
  (t) => [primaryKey({ columns: [t.usageId, t.billLineId, t.meter] }), index('step_charge_step').on(t.stepId)],
);

/** Jobs of steps that were cancelled or replaced: to be stopped. */
export const jobStop = pgTable(
  'job_stop',
  { stepId: text('step_id').primaryKey(), dueAt: instant('due_at').notNull().default(sql`clock_timestamp()`) },
  (t) => [index('job_stop_due').on(t.dueAt)],
);
