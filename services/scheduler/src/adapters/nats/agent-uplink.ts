import type { Bus, RequestMessage } from '@suanli/messaging';
import { LogsRequest, LogsResponse, SyncRequest } from '@suanli/proto/suanli/scheduler/internal/v1/agent.ts';
import { AGENT_UPLINKS } from '@suanli/proto/subjects';
import { storeLogs } from '../../app/agents/store-logs.ts';
import { syncCluster } from '../../app/agents/sync-cluster.ts';
import type { SchedulerDeps } from '../../app/deps.ts';
import type { JobKeyVault } from '../job-key-vault.ts';
import { encodeSyncResponse, fromLogsRequest, fromSyncRequest } from './agent-mapping.ts';

/** Replicas share the agents' requests: any of them may answer any. */
const QUEUE = 'scheduler';

/** Answers agents. Throws refuse to answer: the agent then goes on by its lease. */
export function serveAgents(deps: SchedulerDeps, bus: Bus, vault: JobKeyVault): AsyncDisposable {
  const uplinks = new AsyncDisposableStack();
  uplinks.use(
    bus.respond(AGENT_UPLINKS.sync, { queue: QUEUE }, async ({ subject, data }) => {
      const report = fromSyncRequest(SyncRequest.decode(data));
      checkCluster(subject, report.clusterId);
      const desired = await syncCluster(deps, report);
      if (desired === undefined) throw new Error(`cluster ${report.clusterId} is not in the catalogue`);
      return encodeSyncResponse(report.sequence, desired, deps.policy, vault);
    }),
  );
  uplinks.use(bus.respond(AGENT_UPLINKS.logs, { queue: QUEUE }, (message) => takeLogs(deps, message)));
  return uplinks;
}

async function takeLogs(deps: SchedulerDeps, { subject, data }: RequestMessage): Promise<Uint8Array> {
  const request = LogsRequest.decode(data);
  checkCluster(subject, request.clusterId);
  const stored = await storeLogs(deps, request.clusterId, fromLogsRequest(request));
  return LogsResponse.encode({ storedOffsets: stored.map(BigInt) }).finish();
}

/** The server lets an agent publish on its own cluster's subjects only, so the subject says who speaks. */
function checkCluster(subject: string, clusterId: string): void {
  const speaker = subject.split('.')[2];
  if (speaker !== clusterId) throw new Error(`the agent of ${speaker} spoke for ${clusterId}`);
}
