import type {
  AgentNode,
  AgentTask,
  DesiredTask as WireTask,
  SyncResponse,
} from '@suanli/proto/suanli/scheduler/internal/v1/agent.ts';
import type { SyncAnswer, TaskReport } from '../../app/ports.ts';
import { type DesiredTask, type MountSpec, type StopCause, taskKey } from '../../domain/task.ts';

/** A machine of the cluster with its devices, as declared or found. */
export type ClusterNode = {
  nodeId: string;
  milliCpus: number;
  memoryBytes: number;
  labels: Record<string, string>;
  gpus: { gpuId: string; deviceIndex: number; model: string; memoryBytes: number; isHealthy: boolean }[];
};

export function toAgentNode(node: ClusterNode): AgentNode {
  return {
    ...node,
    memoryBytes: BigInt(node.memoryBytes),
    gpus: node.gpus.map((gpu) => ({ ...gpu, memoryBytes: BigInt(gpu.memoryBytes) })),
  };
}

export function toAgentTask({ startedAt, runMs, exitCode, ...report }: TaskReport): AgentTask {
  return {
    ...report,
    startedAt: startedAt === undefined ? undefined : new Date(startedAt),
    runMs: BigInt(runMs),
    exitCode,
  };
}

export function fromSyncResponse(response: SyncResponse): SyncAnswer {
  const { tasks, leaseMs, marginMs, syncIntervalMs } = response;
  return {
    tasks: tasks.map(fromWireTask),
    leaseMs,
    marginMs,
    syncIntervalMs,
    logOffsets: new Map(tasks.map((task) => [taskKey(task), Number(task.logOffset)])),
  };
}

const STOP_CAUSES: readonly StopCause[] = ['cancelled', 'max_run_time', 'funds_exhausted', 'lease_lost', 'not_wanted'];

function fromWireTask(task: WireTask): DesiredTask {
  const { jobId, epoch, index, spec } = task;
  return {
    key: taskKey(task),
    jobId,
    epoch,
    index,
    desired: task.desired === 'run' ? 'run' : 'stop',
    stopCause: STOP_CAUSES.find((cause) => cause === task.stopCause) ?? 'cancelled',
    fundedUntil: task.fundedUntil?.getTime() ?? 0,
    spec: {
      command: spec?.command ?? [],
      env: spec?.env ?? {},
      workingDir: spec?.workingDir ?? '',
      taskCount: spec?.taskCount ?? 1,
      milliCpus: spec?.milliCpus ?? 0,
      memoryBytes: Number(spec?.memoryBytes ?? 0n),
      maxRunMs: (spec?.maxRunSeconds ?? 0) * 1000,
      graceMs: (spec?.graceSeconds ?? 0) * 1000,
      mounts: (spec?.mounts ?? []).map(fromWireMount),
      disconnectGraceMs: spec?.onDisconnect === 'keep' ? spec.disconnectGraceSeconds * 1000 : 0,
      accountId: task.tenant?.accountId ?? '',
      region: task.region,
      jobKey: task.jobKey,
      gpuDevices: task.gpus.map((gpu) => gpu.deviceIndex),
    },
  };
}

function fromWireMount(mount: { mode: string; path: string; repositoryId: string; revision: string }): MountSpec {
  return { ...mount, mode: mount.mode === 'out' ? 'out' : 'in' };
}
