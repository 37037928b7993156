import type { Bus } from '@suanli/messaging';
import {
  LogsRequest,
  LogsResponse,
  SyncRequest,
  SyncResponse,
} from '@suanli/proto/suanli/scheduler/internal/v1/agent.ts';
import { agentSubjects } from '@suanli/proto/subjects';
import type { Uplink } from '../../app/ports.ts';
import { type ClusterNode, fromSyncResponse, toAgentNode, toAgentTask } from './mapping.ts';

/** An answer that comes later than this is treated as none; well under the lease. */
const SYNC_TIMEOUT_MS = 2_000;
const LOGS_TIMEOUT_MS = 5_000;

export type UplinkOptions = {
  bus: Bus;
  clusterId: string;
  /** New at every start of the agent. */
  instanceId: string;
  driver: string;
  isolation: string;
  nodes: readonly ClusterNode[];
};

/** The scheduler over NATS request/reply, protobuf bytes. */
export function natsUplink({ bus, clusterId, instanceId, driver, isolation, nodes }: UplinkOptions): Uplink {
  const subjects = agentSubjects(clusterId);
  return {
    async sync(sequence, tasks, signal) {
      const request = SyncRequest.encode({
        clusterId,
        instanceId,
        sequence,
        nodes: nodes.map(toAgentNode),
        tasks: tasks.map(toAgentTask),
        driver,
        isolation,
      }).finish();
      const reply = await bus.request(subjects.sync, request, { timeoutMs: SYNC_TIMEOUT_MS, signal });
      return fromSyncResponse(SyncResponse.decode(reply));
    },
    async sendLogs(chunks, signal) {
      const request = LogsRequest.encode({
        clusterId,
        chunks: chunks.map(({ index, offset, data, loggedAt, ...id }) => ({
          ...id,
          taskIndex: index,
          offset: BigInt(offset),
          data: Buffer.from(data),
          loggedAt: new Date(loggedAt),
        })),
      }).finish();
      const reply = await bus.request(subjects.logs, request, { timeoutMs: LOGS_TIMEOUT_MS, signal });
      return LogsResponse.decode(reply).storedOffsets.map(Number);
    },
    onWake: (handler) => bus.listen(subjects.wake, handler),
  };
}
