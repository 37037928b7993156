import { type Instant, type TenantPath } from '@suanli/kernel';
import { appendOutbox, type OutboxEvent, type Tx } from '@suanli/postgres';
import {
  NodeChanged,
  type UnusableTime,
  WorkloadChanged,
  WorkloadFenced,
} from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { EventLog } from '../../app/stores.ts';
import type { UsageWindow } from '../../domain/attempt/usage.ts';
import type { Attempt, Live } from '../../domain/workload/attempt.ts';
import { isTerminal } from '../../domain/workload/phase-machine.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import type { Sql } from '../postgres/rows.ts';

/** Writes facts to the outbox, in the form in which others read them. */
export function eventLog(db: Sql): EventLog {
  // Only ever called within the transaction of the change.
  const append = (events: OutboxEvent[]) => appendOutbox(db as Tx, events);
  return {
    phaseChanged: ({ workload, attempt }, now) => append(phaseEvents(workload, attempt, now)),
    usageRecorded: (live, usage) => append(usage.map((window) => usageEvent(live, window))),
    fenced: (live, now) => append([fenceEvent(live, now)]),
    nodesChanged: (verb, clusterId, nodeIds, now) =>
      append(nodeIds.map((nodeId) => nodeEvent(verb, clusterId, nodeId, now))),
  };
}

/** `changed` for whoever follows it, `finished` for whoever only waits for its end. */
function phaseEvents(workload: Workload, attempt: Attempt | undefined, now: Instant): OutboxEvent[] {
  const { id, version, tenant } = workload;
  const payload = WorkloadChanged.toJSON({
    workloadId: id,
    tenant: toTenant(tenant),
    kind: workload.kind,
    phase: workload.phase,
    reason: workload.reason,
    epoch: workload.epoch,
    region: attempt?.region ?? '',
    clusterId: attempt?.clusterId ?? '',
    changedAt: new Date(now),
    exitCode: workload.exitCode,
    externalKey: workload.spec.externalKey,
    unusable: attempt && unusableTime(attempt, now),
  });
  const event = { aggregateId: id, aggregateVersion: version, tenant, payload, occurredAt: now };
  const changed = { ...event, id: `${id}:${version}:changed`, subject: EVENTS.workloadChanged.subject };
  if (!isTerminal(workload.phase)) return [changed];
  return [changed, { ...event, id: `${id}:${version}:finished`, subject: EVENTS.workloadFinished.subject }];
}

/**
 * The time of an attempt that its tenant could not use: all of it, when the platform lost it or never got it ready.
 * Billing gives back what was charged of it.
 */
export function unusableTime(attempt: Attempt, now: Instant): UnusableTime | undefined {
  const isNeverReady = attempt.phase === 'failed' && attempt.reason?.code === 'start_failed';
  const reason = attempt.phase === 'lost' ? 'lost' : isNeverReady ? 'never_ready' : undefined;
  if (reason === undefined) return undefined;
  const from = attempt.boundAt ?? attempt.reservedAt;
  return { epoch: attempt.epoch, reason, from: new Date(from), to: new Date(Math.max(now, from + 1)) };
}

function usageEvent({ workload, attempt, tasks }: Live, window: UsageWindow): OutboxEvent {
  const startedAt = tasks.find((task) => task.index === window.taskIndex)?.startedAt ?? 0;
  const payload = UsageRecorded.toJSON({
    usageId: window.usageId,
    tenant: toTenant(workload.tenant),
    holdId: attempt.holdId ?? '',
    sourceKind: workload.kind,
    sourceId: workload.id,
    epoch: attempt.epoch,
    costKey: workload.spec.externalKey,
    readings: [{ meter: window.meter, quantity: window.quantity }],
    region: attempt.region,
    item: attempt.sku,
    usageFrom: new Date(startedAt + window.fromMs),
    usageTo: new Date(startedAt + window.toMs),
    isFinal: window.isFinal,
    correctsUsageId: '',
    quoteId: workload.spec.quoteId ?? '',
  });
  return {
    id: window.usageId,
    subject: EVENTS.computeUsageRecorded.subject,
    aggregateId: workload.id,
    aggregateVersion: workload.version,
    tenant: workload.tenant,
    payload,
    occurredAt: startedAt + window.toMs,
  };
}

/** No earlier than anything that was told to billing: what the scheduler has charged is not taken back. */
function fenceEvent({ workload, attempt, tasks }: Live, now: Instant): OutboxEvent {
  const ends = tasks.flatMap((task) => task.finishedAt ?? []);
  const fencedAt = Math.max(attempt.fencedAt ?? now, ...ends);
  const payload = WorkloadFenced.toJSON({
    sourceKind: workload.kind,
    sourceId: workload.id,
    epoch: attempt.epoch,
    fencedAt: new Date(fencedAt),
    tenant: toTenant(workload.tenant),
  });
  return {
    id: `${workload.id}:${attempt.epoch}:fenced`,
    subject: EVENTS.workloadFenced.subject,
    aggregateId: workload.id,
    aggregateVersion: workload.version,
    tenant: workload.tenant,
    payload,
    occurredAt: now,
  };
}

function nodeEvent(verb: 'lost' | 'returned', clusterId: string, nodeId: string, now: Instant): OutboxEvent {
  return {
    id: `${clusterId}/${nodeId}:${verb}:${now}`,
    subject: verb === 'lost' ? EVENTS.nodeLost.subject : EVENTS.nodeReturned.subject,
    aggregateId: `${clusterId}/${nodeId}`,
    aggregateVersion: BigInt(now),
    payload: NodeChanged.toJSON({ clusterId, nodeId, changedAt: new Date(now) }),
    occurredAt: now,
  };
}

function toTenant(tenant: TenantPath) {
  return { ...tenant, subAccountId: tenant.subAccountId ?? '' };
}
