import type { Bus } from '@suanli/messaging';
import {
  type AgentNode,
  AgentTask,
  type DesiredTask,
  LogsRequest,
  LogsResponse,
  SyncRequest,
  SyncResponse,
} from '@suanli/proto/suanli/scheduler/internal/v1/agent.ts';
import { agentSubjects } from '@suanli/proto/subjects';

const REQUEST_MS = 5_000;
const SYNC_EVERY_MS = 50;

export type Script = {
  /** Starts what is wanted by itself. Default true. */
  starts?: boolean;
  nodes: AgentNode[];
};

export function aNode(nodeId: string, model: string, gpuCount: number): AgentNode {
  return {
    nodeId,
    milliCpus: 4_000,
    memoryBytes: 8_589_934_592n,
    labels: {},
    gpus: Array.from({ length: gpuCount }, (_, deviceIndex) => ({
      gpuId: `${nodeId}-gpu-${deviceIndex}`,
      deviceIndex,
      model,
      memoryBytes: 85_899_345_920n,
      isHealthy: true,
    })),
  };
}

/**
 * Speaks the agents' protocol; a test decides what its tasks do. As the real agent it starts what is wanted, forgets what
 * is not, and stops what it is told to stop.
 */
export function scriptedAgent(bus: Bus, clusterId: string, script: Script) {
  const subjects = agentSubjects(clusterId);
  const tasks = new Map<string, AgentTask>();
  const stubborn = new Set<string>();
  let instanceId = 'instance-1';
  let sequence = 0n;
  let desired: DesiredTask[] = [];
  let nodes = script.nodes;

  const keyOf = ({ jobId, epoch, index }: { jobId: string; epoch: number; index: number }) =>
    `${jobId}:${epoch}:${index}`;

  async function request(report: readonly AgentTask[] = [...tasks.values()]): Promise<SyncResponse> {
    sequence += 1n;
    const message = {
      clusterId,
      instanceId,
      sequence,
      nodes,
      tasks: [...report],
      driver: 'simulated',
      isolation: 'none',
    };
    const data = await bus.request(subjects.sync, SyncRequest.encode(message).finish(), { timeoutMs: REQUEST_MS });
    return SyncResponse.decode(data);
  }

  async function sync(): Promise<DesiredTask[]> {
    const asked = instanceId;
    const answer = await request();
    if (asked !== instanceId) return desired; // Meant for a process that is gone.
    desired = answer.tasks;
    const wanted = new Set(desired.map(keyOf));
    for (const key of tasks.keys()) if (!wanted.has(key)) tasks.delete(key);
    for (const task of desired) {
      const key = keyOf(task);
      const local = tasks.get(key);
      if (local === undefined && task.desired === 'run' && script.starts !== false) start(task);
      if (local?.phase === 'running' && task.desired === 'stop' && !stubborn.has(key)) {
        Object.assign(local, {
          phase: 'exited',
          exitCode: 143,
          signal: 'SIGTERM',
          endCause: task.stopCause === 'funds_exhausted' ? 'funds_exhausted' : 'cancelled',
        });
      }
    }
    return desired;
  }

  function start({ jobId, epoch, index }: DesiredTask): void {
    const startedAt = new Date();
    tasks.set(
      keyOf({ jobId, epoch, index }),
      AgentTask.fromPartial({ jobId, epoch, index, phase: 'running', startedAt, runMs: 0n }),
    );
  }

  function change(jobId: string, index: number, fields: Partial<AgentTask>): void {
    for (const task of tasks.values())
      if (task.jobId === jobId && (index < 0 || task.index === index)) Object.assign(task, fields);
  }

  return {
    ...{ clusterId, tasks, sync, request, keyOf },
    desired: () => desired,
    tasksOf: (jobId: string) => [...tasks.values()].filter((task) => task.jobId === jobId),
    /** Sets the run time of a job's tasks; `index` -1 is all of them. */
    run: (jobId: string, runMs: number, index = -1) => change(jobId, index, { runMs: BigInt(runMs) }),
    exit: (jobId: string, exitCode: number, index = -1) => change(jobId, index, { phase: 'exited', exitCode }),
    end: (jobId: string, fields: Partial<AgentTask>, index = -1) => change(jobId, index, fields),
    /** Does not heed a stop. */
    resist: (key: string) => stubborn.add(key),
    /** The process died and came back: what it ran is gone. */
    restart() {
      instanceId = `${instanceId}+`;
      sequence = 0n;
      tasks.clear();
    },
    /** A sync as it goes over the wire. */
    encodedSync: async () =>
      SyncRequest.encode({ clusterId, instanceId, sequence, nodes, tasks: [], driver: '', isolation: '' }).finish(),
    setNodes: (next: AgentNode[]) => {
      nodes = next;
    },
    async sendLog(jobId: string, text: string, offset = 0, epoch = 1): Promise<number> {
      const chunk = {
        jobId,
        epoch,
        taskIndex: 0,
        offset: BigInt(offset),
        data: Buffer.from(text),
        loggedAt: new Date(),
      };
      const bytes = LogsRequest.encode({ clusterId, chunks: [chunk] }).finish();
      const answer = LogsResponse.decode(await bus.request(subjects.logs, bytes, { timeoutMs: REQUEST_MS }));
      return Number(answer.storedOffsets[0]);
    },
    /** Syncs again and again until disposed. */
    alive(): AsyncDisposable {
      let isStopped = false;
      const loop = async () => {
        while (!isStopped) {
          await sync().catch(() => undefined); // A scheduler that is away is what some tests are about.
          await new Promise((resolve) => setTimeout(resolve, SYNC_EVERY_MS));
        }
      };
      const running = loop();
      return {
        [Symbol.asyncDispose]: async () => {
          isStopped = true;
          await running;
        },
      };
    },
  };
}

export type ScriptedAgent = ReturnType<typeof scriptedAgent>;
