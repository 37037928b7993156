import type { Reason } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Definition, HumanTask, JournalEntry, Run, Step } from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import { z } from 'zod';
import { currency, instant, int64, jsonValue, micros, reason, timeOf } from '../../schemas.ts';

type Json = z.infer<typeof jsonValue>;

const toReason = (given: Reason | undefined): z.infer<typeof reason> | undefined =>
  given && given.code !== '' ? { code: given.code, message: given.message, details: given.details } : undefined;

/** JSON travels between services as text; an empty text is "none". */
const toJson = (text: string): Json | undefined => (text === '' ? undefined : (JSON.parse(text) as Json));

export const workflowView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  namespace: z.string(),
  name: z.string(),
  version: z.string(),
  digest: z.string(),
  document: jsonValue.optional(),
  created_at: instant.optional(),
});
export const toWorkflowView = (definition: Definition): z.infer<typeof workflowView> => ({
  id: definition.definitionId,
  workspace_id: definition.tenant?.workspaceId ?? '',
  namespace: definition.namespace,
  name: definition.name,
  version: definition.version,
  digest: definition.digest,
  document: toJson(definition.documentJson),
  created_at: timeOf(definition.createdAt),
});

export const runView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  workflow_id: z.string(),
  workflow_digest: z.string(),
  status: z.string(),
  reason: reason.optional(),
  input: jsonValue.optional(),
  output: jsonValue.optional(),
  review: z.string(),
  cost_micros: micros,
  currency,
  created_at: instant.optional(),
  finished_at: instant.optional(),
  forked_from: z.object({ run_id: z.string(), step_id: z.string() }).optional(),
  sequence: int64,
  actions: z.array(z.string()),
});
export const toRunView = (run: Run): z.infer<typeof runView> => ({
  id: run.runId,
  workspace_id: run.tenant?.workspaceId ?? '',
  workflow_id: run.definitionId,
  workflow_digest: run.definitionDigest,
  status: run.status,
  reason: toReason(run.reason),
  input: toJson(run.inputJson),
  output: toJson(run.outputJson),
  review: run.review,
  cost_micros: String(run.costMicros),
  currency: run.currency,
  created_at: timeOf(run.createdAt),
  finished_at: timeOf(run.finishedAt),
  ...(run.forkedFromRunId !== '' && { forked_from: { run_id: run.forkedFromRunId, step_id: run.forkedFromStepId } }),
  sequence: String(run.sequence),
  actions: run.actions,
});

export const stepView = z.object({
  id: z.string(),
  run_id: z.string(),
  path: z.string(),
  name: z.string(),
  kind: z.string(),
  function: z.string().optional(),
  iteration: z.string().optional(),
  revision: z.number(),
  status: z.string(),
  reason: reason.optional(),
  input: jsonValue.optional(),
  output: jsonValue.optional(),
  attempt: z.number(),
  cost_micros: micros,
  actions: z.array(z.string()),
  human_task_id: z.string().optional(),
  started_at: instant.optional(),
  finished_at: instant.optional(),
  made_by: z.string(),
  comment: z.string().optional(),
});
export const toStepView = (step: Step): z.infer<typeof stepView> => ({
  id: step.stepId,
  run_id: step.runId,
  path: step.path,
  name: step.name,
  kind: step.kind,
  ...(step.function !== '' && { function: step.function }),
  ...(step.iteration !== '' && { iteration: step.iteration }),
  revision: step.revision,
  status: step.status,
  reason: toReason(step.reason),
  input: toJson(step.inputJson),
  output: toJson(step.outputJson),
  attempt: step.attempt,
  cost_micros: String(step.costMicros),
  actions: step.actions,
  ...(step.humanTaskId !== '' && { human_task_id: step.humanTaskId }),
  started_at: timeOf(step.startedAt),
  finished_at: timeOf(step.finishedAt),
  made_by: step.madeBy,
  ...(step.comment !== '' && { comment: step.comment }),
});

export const toJournalView = (entry: JournalEntry) => ({
  sequence: String(entry.sequence),
  type: entry.type,
  ...(entry.stepId !== '' && { step_id: entry.stepId }),
  data: toJson(entry.dataJson),
  occurred_at: timeOf(entry.occurredAt),
});

export const humanTaskView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  run_id: z.string(),
  step_id: z.string(),
  title: z.string(),
  subject: jsonValue.optional(),
  actions: z.array(z.string()),
  status: z.string(),
  action: z.string().optional(),
  comment: z.string().optional(),
  decided_by: z.string().optional(),
  output_schema: jsonValue.optional(),
  created_at: instant.optional(),
  decided_at: instant.optional(),
  expires_at: instant.optional(),
});
export const toHumanTaskView = (task: HumanTask): z.infer<typeof humanTaskView> => ({
  id: task.humanTaskId,
  workspace_id: task.tenant?.workspaceId ?? '',
  run_id: task.runId,
  step_id: task.stepId,
  title: task.title,
  subject: toJson(task.subjectJson),
  actions: task.actions,
  status: task.status,
  ...(task.action !== '' && { action: task.action }),
  ...(task.comment !== '' && { comment: task.comment }),
  ...(task.decidedBy !== '' && { decided_by: task.decidedBy }),
  output_schema: toJson(task.outputSchemaJson),
  created_at: timeOf(task.createdAt),
  decided_at: timeOf(task.decidedAt),
  expires_at: timeOf(task.expiresAt),
});
