import {
  type AgentNode,
  type AgentTask,
  type DesiredTask,
  type LogsRequest,
  type SyncRequest,
  SyncResponse,
} from '@suanli/proto/suanli/scheduler/internal/v1/agent.ts';
import type { ClusterReport, Desired } from '../../app/agents/sync-cluster.ts';
import type { Policy } from '../../app/policy.ts';
import type { LogChunk, NodeReport } from '../../app/stores.ts';
import type { TaskReport } from '../../domain/attempt/fold-report.ts';
import type { JobKeyVault } from '../job-key-vault.ts';
import { toProtoSpec, toProtoTenant } from '../grpc/job-mapping.ts';

const TASK_PHASES: readonly TaskReport['phase'][] = ['preparing', 'running', 'publishing', 'exited', 'failed_to_start'];

export function fromSyncRequest(request: SyncRequest): ClusterReport {
  const { clusterId, instanceId, sequence, driver, isolation, nodes, tasks } = request;
  return {
    ...{ clusterId, instanceId, sequence, driver, isolation },
    nodes: nodes.map(fromNode),
    tasks: tasks.flatMap(fromTask),
  };
}

function fromNode({ nodeId, milliCpus, memoryBytes, labels, gpus }: AgentNode): NodeReport {
  return {
    ...{ nodeId, milliCpus, labels },
    memoryBytes: Number(memoryBytes),
    gpus: gpus.map((gpu) => ({ ...gpu, memoryBytes: Number(gpu.memoryBytes) })),
  };
}

/** A phase that is not known tells nothing that could be trusted; the task is taken to be preparing. */
function fromTask(task: AgentTask): TaskReport[] {
  const { jobId: workloadId, epoch, index, signal, endCause, message, published, exitCode, startedAt } = task;
  return [
    {
      ...{ workloadId, epoch, index, signal, endCause, message, published },
      phase: TASK_PHASES.find((phase) => phase === task.phase) ?? 'preparing',
      runMs: Math.max(0, Number(task.runMs)),
      ...(startedAt !== undefined && { startedAt: startedAt.getTime() }),
      ...(exitCode !== undefined && { exitCode }),
    },
  ];
}

export function encodeSyncResponse(sequence: bigint, desired: Desired, policy: Policy, vault: JobKeyVault): Uint8Array {
  return SyncResponse.encode({
    tasks: desired.map((each) => toDesiredTask(each, vault)),
    leaseMs: policy.leaseMs,
    marginMs: policy.leaseMarginMs,
    syncIntervalMs: policy.syncIntervalMs,
    sequence,
  }).finish();
}

function toDesiredTask({ live, task }: Desired[number], vault: JobKeyVault): DesiredTask {
  const { workload, attempt } = live;
  const isStopping = workload.phase === 'stopping';
  const sealed = isStopping ? undefined : attempt.jobKey;
  return {
    jobId: workload.id,
    epoch: attempt.epoch,
    index: task.index,
    desired: isStopping ? 'stop' : 'run',
    spec: toProtoSpec(workload.spec),
    tenant: toProtoTenant(workload.tenant),
    nodeId: task.nodeId,
    gpus: [...task.gpus],
    fundedUntil: new Date(attempt.fundedUntil),
    jobKey: sealed === undefined ? '' : vault.open(sealed, { workloadId: workload.id, epoch: attempt.epoch }),
    region: attempt.region,
    logOffset: BigInt(task.logBytes),
    stopCause: workload.stopCause ?? '',
  };
}

export function fromLogsRequest(request: LogsRequest): LogChunk[] {
  return request.chunks.map(({ jobId, epoch, taskIndex, offset, data, loggedAt }) => ({
    ...{ workloadId: jobId, epoch, taskIndex, data },
    offset: Number(offset),
    loggedAt: loggedAt?.getTime() ?? 0,
  }));
}
