import { CURRENCY, type TenantPath } from '@suanli/kernel';
import type * as wire from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import type { JournalEntry } from '../../app/ports.ts';
import type { Definition } from '../../domain/definition/definition.ts';
import { actionsOn } from '../../domain/intervention/actions.ts';
import type { Json } from '../../domain/json.ts';
import type { HumanTask } from '../../domain/run/human-task.ts';
import { isEnded, type Run } from '../../domain/run/run.ts';
import type { Step } from '../../domain/run/step.ts';
import { codeOf, type WorkflowError } from '../../domain/run/workflow-error.ts';

export function tenantMessage({ accountId, subAccountId = '', workspaceId, principalId }: TenantPath) {
  return { accountId, subAccountId, workspaceId, principalId };
}

export function definitionMessage(definition: Definition): wire.Definition {
  const { id, namespace, name, version, digest } = definition;
  return {
    definitionId: id,
    tenant: tenantMessage(definition.tenant),
    ...{ namespace, name, version, digest },
    documentJson: JSON.stringify(definition.document),
    createdAt: new Date(definition.createdAt),
  };
}

export function runMessage(run: Run): wire.Run {
  return {
    runId: run.id,
    tenant: tenantMessage(run.tenant),
    definitionId: run.definitionId,
    definitionDigest: run.definitionDigest,
    status: run.status,
    ...reason(run.error),
    inputJson: text(run.input),
    outputJson: text(run.output),
    review: run.review,
    costMicros: run.costMicros,
    currency: CURRENCY,
    createdAt: new Date(run.createdAt),
    ...(run.finishedAt !== undefined && { finishedAt: new Date(run.finishedAt) }),
    forkedFromRunId: run.forkedFrom?.runId ?? '',
    forkedFromStepId: run.forkedFrom?.stepId ?? '',
    sequence: run.sequence,
    actions: isEnded(run.status) ? [] : ['cancel'],
  };
}

/** `asked`: what the step's open human task lets a person answer. */
export function stepMessage(run: Pick<Run, 'status'>, step: Step, asked: HumanTask | undefined): wire.Step {
  const open = asked?.status === 'open' ? asked.actions : undefined;
  return {
    stepId: step.id,
    runId: step.runId,
    path: step.path,
    name: step.name,
    kind: step.kind,
    function: step.function ?? '',
    iteration: step.iteration,
    revision: step.revision,
    status: step.status,
    ...reason(step.error),
    inputJson: text(step.taskInput === undefined ? step.input : step.taskInput),
    outputJson: text(step.output),
    attempt: step.attempt,
    costMicros: step.costMicros,
    actions: [...actionsOn(run, step, open)],
    humanTaskId: step.humanTaskId ?? '',
    ...(step.startedAt !== undefined && { startedAt: new Date(step.startedAt) }),
    ...(step.finishedAt !== undefined && { finishedAt: new Date(step.finishedAt) }),
    madeBy: step.madeBy,
    comment: step.comment ?? '',
    argumentsJson: text(step.arguments),
  };
}

export function humanTaskMessage(task: HumanTask): wire.HumanTask {
  const { id, runId, stepId, title, status, action = '', comment = '', decidedBy = '' } = task;
  return {
    humanTaskId: id,
    tenant: tenantMessage(task.tenant),
    ...{ runId, stepId, title, status, action, comment, decidedBy },
    subjectJson: text(task.subject),
    actions: status === 'open' ? [...task.actions] : [],
    createdAt: new Date(task.createdAt),
    ...(task.decidedAt !== undefined && { decidedAt: new Date(task.decidedAt) }),
    ...(task.expiresAt !== undefined && { expiresAt: new Date(task.expiresAt) }),
    outputSchemaJson: text(task.schema),
  };
}

export function journalMessage({ sequence, type, stepId = '', data, occurredAt }: JournalEntry): wire.JournalEntry {
  return { sequence, type, stepId, dataJson: JSON.stringify(data), occurredAt: new Date(occurredAt) };
}

function text(value: Json | undefined): string {
  return value === undefined ? '' : JSON.stringify(value);
}

function reason(error: WorkflowError | undefined) {
  if (error === undefined) return {};
  const { type, status, title, detail, instance } = error;
  const details = { type, status: String(status), title, ...(instance !== undefined && { instance }) };
  return { reason: { code: codeOf(error), message: detail ?? title, details } };
}
