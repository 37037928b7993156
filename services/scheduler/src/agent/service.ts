import { type Logger, systemClock, systemIds } from '@suanli/kernel';
import { ensureBubblewrap } from '@suanli/local-servers';
import { connectBus } from '@suanli/messaging';
import { createMetrics, createOpsServer, type Service, superviseLoops } from '@suanli/service-kit';
import { httpHubFiles } from './adapters/http/hub-files.ts';
import { readClusterFile } from './adapters/inventory/cluster-file.ts';
import { readNvidiaSmi } from './adapters/inventory/nvidia-smi.ts';
import { natsUplink } from './adapters/nats/uplink.ts';
import { chooseTasksRoot, reachableProgram } from './adapters/process/host.ts';
import { createProcessDriver } from './adapters/process/process-driver.ts';
import { shipLogs } from './app/ship-logs.ts';
import { createSyncLoop } from './app/sync-loop.ts';
import { createTaskRunner } from './app/task-runner.ts';
import type { AgentConfig } from './config.ts';

/** Not ready when the scheduler has not answered for this long. */
const READY_WITHIN_MS = 15_000;

/** The agent of one cluster: runs what the scheduler has decided, on this machine. */
export async function createAgent(config: AgentConfig, { logger }: { logger: Logger }): Promise<Service> {
  await using boot = new AsyncDisposableStack();
  const clock = systemClock;
  const driver = await processDriver(config, logger);
  const found = await readClusterFile(config.clusterFile);
  const nodes = found === 'nvidia-smi' ? await readNvidiaSmi() : found;
  const bus = boot.use(await connectBus(config.nats, logger));
  const instanceId = systemIds.next('agt');
  const { name, isolation } = driver;
  const uplink = natsUplink({ bus, clusterId: config.clusterId, instanceId, driver: name, isolation, nodes });

  const wake = () => conversation.wake();
  const runner = boot.use(
    createTaskRunner({ driver, hub: httpHubFiles(config.gatewayUrl, clock), clock, logger, onChange: wake }),
  );
  const conversation = createSyncLoop({ uplink, runner, clock, logger });
  boot.use(uplink.onWake(wake));
  const loops = boot.use(superviseLoops({ logger, clock }));
  const ops = boot.use(
    createOpsServer({
      address: config.opsAddress,
      metrics: createMetrics('agent'),
      logger,
      checks: {
        scheduler: () => {
          const answered = conversation.lastAnswerMonoMs();
          const isHeard = answered !== undefined && clock.monotonicMs() - answered < READY_WITHIN_MS;
          if (!isHeard) throw new Error('the scheduler has not answered');
        },
        loops: loops.check,
      },
    }),
  );

  const owned = boot.move();
  return {
    async start() {
      const orphans = await driver.reclaimOrphans();
      logger.info({ clusterId: config.clusterId, instanceId, isolation, nodes: nodes.length, orphans }, 'agent starts');
      loops.run('sync', conversation.sync);
      loops.run('watch', conversation.watch);
      loops.run('logs', (signal) => shipLogs({ uplink, driver, runner, clock, logger, onChange: wake }, signal));
      await ops.listen();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function processDriver(config: AgentConfig, logger: Logger) {
  const { clusterId, agentDir, gatewayUrl, trustedTenants } = config;
  const isRoot = process.getuid?.() === 0;
  const tasksRoot = await chooseTasksRoot(agentDir, isRoot);
  const found = await ensureBubblewrap().catch((error: unknown) => {
    logger.error({ err: error }, 'tasks cannot be isolated: only those of trusted tenants will run');
    return undefined;
  });
  const bubblewrap = found === undefined ? undefined : await reachableProgram(found, tasksRoot, isRoot);
  const nodeBinary = await reachableProgram(process.execPath, tasksRoot, isRoot);
  const gateway = { gatewayUrl, trustedTenants };
  return createProcessDriver({
    clusterId,
    tasksRoot,
    bubblewrap,
    nodeBinary,
    isRoot,
    ...gateway,
    clock: systemClock,
    logger,
  });
}
