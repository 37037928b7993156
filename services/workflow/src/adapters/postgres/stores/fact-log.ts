import type { IdSource, Instant, TenantPath } from '@suanli/kernel';
import { appendOutbox, type OutboxEvent, type Tx } from '@suanli/postgres';
import { HumanTaskChanged, RunChanged, StepChanged } from '@suanli/proto/suanli/events/v1/workflow.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { Fact, FactLog } from '../../../app/ports.ts';
import { codeOf } from '../../../domain/run/workflow-error.ts';

/** Facts as events of `suanli.events.v1`, in the outbox. */
export function factLog(tx: Tx, ids: IdSource): FactLog {
  return {
    append: (facts, at) =>
      appendOutbox(
        tx,
        facts.map((fact) => ({ ...toEvent(fact, at), id: ids.next('evt'), occurredAt: at })),
      ),
  };
}

function toEvent(fact: Fact, at: Instant): Omit<OutboxEvent, 'id' | 'occurredAt'> {
  const changedAt = new Date(at);
  switch (fact.kind) {
    case 'run_changed': {
      const { run } = fact;
      const reason = run.error && {
        code: codeOf(run.error),
        message: run.error.detail ?? run.error.title,
        details: {},
      };
      const payload = RunChanged.toJSON({
        runId: run.id,
        tenant: wire(run.tenant),
        status: run.status,
        reason,
        changedAt,
      });
      return { ...about(run.id, run.sequence, run.tenant), subject: EVENTS.runChanged.subject, payload };
    }
    case 'step_changed': {
      const { run, step } = fact;
      const { id: stepId, path, status, revision } = step;
      const payload = StepChanged.toJSON({
        runId: run.id,
        stepId,
        tenant: wire(run.tenant),
        path,
        status,
        revision,
        changedAt,
      });
      return { ...about(run.id, run.sequence, run.tenant), subject: EVENTS.stepChanged.subject, payload };
    }
    case 'task_changed': {
      const { id: humanTaskId, runId, stepId, tenant, status, action = '' } = fact.task;
      const subject = (status === 'open' ? EVENTS.humanTaskOpened : EVENTS.humanTaskDecided).subject;
      const payload = HumanTaskChanged.toJSON({
        humanTaskId,
        runId,
        stepId,
        tenant: wire(tenant),
        status,
        action,
        changedAt,
      });
      return { ...about(runId, fact.sequence, tenant), subject, payload };
    }
  }
}

function about(aggregateId: string, aggregateVersion: bigint, tenant: TenantPath) {
  return { aggregateId, aggregateVersion, tenant };
}

function wire({ accountId, subAccountId = '', workspaceId, principalId }: TenantPath) {
  return { accountId, subAccountId, workspaceId, principalId };
}
