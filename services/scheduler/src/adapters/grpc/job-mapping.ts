import type { TenantPath } from '@suanli/kernel';
import type { TenantPath as ProtoTenant } from '@suanli/proto/suanli/common/v1/common.ts';
import {
  type Attempt as ProtoAttempt,
  type Job,
  JobSpec as ProtoSpec,
  type TaskStatus,
} from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { JobView } from '../../app/stores.ts';
import type { JobSpec } from '../../domain/job/job-spec.ts';
import type { Attempt, Task } from '../../domain/workload/attempt.ts';
import { actionsIn } from '../../domain/workload/phase-machine.ts';

export function toProtoTenant(tenant: TenantPath): ProtoTenant {
  return { ...tenant, subAccountId: tenant.subAccountId ?? '' };
}

export function fromProtoTenant({ subAccountId, ...tenant }: ProtoTenant): TenantPath {
  return { ...tenant, ...(subAccountId !== '' && { subAccountId }) };
}

/** Words that are not known stay as they are, for the check of the spec to name them. Absent is an empty spec. */
export function readSpec(message: ProtoSpec | undefined): JobSpec {
  const { quoteId = '', ...spec } = message ?? ProtoSpec.fromPartial({});
  return {
    ...spec,
    ...(quoteId !== '' && { quoteId }),
    memoryBytes: Number(spec.memoryBytes),
    onDisconnect: (spec.onDisconnect || 'kill') as JobSpec['onDisconnect'],
    mounts: spec.mounts.map((mount) => ({ ...mount, mode: mount.mode as 'in' | 'out' })),
  };
}

export function toProtoSpec(spec: JobSpec): ProtoSpec {
  return {
    ...spec,
    command: [...spec.command],
    env: { ...spec.env },
    skus: [...spec.skus],
    regions: [...spec.regions],
    memoryBytes: BigInt(spec.memoryBytes),
    mounts: spec.mounts.map((mount) => ({ ...mount })),
  };
}

export function toProtoJob({ workload, attempts }: JobView): Job {
  return {
    jobId: workload.id,
    tenant: toProtoTenant(workload.tenant),
    spec: toProtoSpec(workload.spec),
    phase: workload.phase,
    reason: workload.reason,
    epoch: workload.epoch,
    attempts: attempts.map(({ attempt, tasks }) => toProtoAttempt(attempt, tasks)),
    actions: actionsIn(workload.phase),
    createdAt: new Date(workload.createdAt),
    startedAt: toDate(workload.startedAt),
    finishedAt: toDate(workload.finishedAt),
    version: workload.version,
    queuePosition: workload.queuePosition,
  };
}

function toProtoAttempt(attempt: Attempt, tasks: readonly Task[]): ProtoAttempt {
  const { epoch, region, clusterId, sku, phase, reason } = attempt;
  return {
    ...{ epoch, region, clusterId, sku, phase, reason },
    boundAt: toDate(attempt.boundAt),
    startedAt: toDate(attempt.startedAt),
    finishedAt: toDate(attempt.finishedAt),
    chargedMs: BigInt(tasks.reduce((sum, task) => sum + task.chargedMs, 0)),
    holdId: attempt.holdId ?? '',
    tasks: tasks.map(toTaskStatus),
    fundedUntil: toDate(attempt.fundedUntil),
  };
}

function toTaskStatus(task: Task): TaskStatus {
  return {
    index: task.index,
    phase: task.phase,
    nodeId: task.nodeId,
    gpuIds: task.gpus.map((gpu) => gpu.gpuId),
    exitCode: task.exitCode,
    signal: task.signal ?? '',
    startedAt: toDate(task.startedAt),
    finishedAt: toDate(task.finishedAt),
    chargedMs: BigInt(task.chargedMs),
  };
}

function toDate(instant: number | undefined): Date | undefined {
  return instant === undefined ? undefined : new Date(instant);
}
