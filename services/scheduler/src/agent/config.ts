import { env, natsConfig, natsEnv, opsEnv, processEnv } from '@suanli/service-kit';
import { z } from 'zod';

/** Environment of a cluster agent. */
export const agentEnv = z
  .object({
    ...processEnv,
    ...natsEnv,
    ...opsEnv,
    CLUSTER_ID: env.text('Cluster that this agent runs, as the catalogue names it'),
    CLUSTER_FILE: env.path('YAML with the nodes and GPUs of the cluster, or `nodes: nvidia-smi`'),
    AGENT_DIR: env.path('Directory for the files of running tasks'),
    GATEWAY_URL: env.url('Public address of the platform: mounts and the tasks’ own calls go there'),
    TRUSTED_TENANTS: env.list('Accounts whose tasks may run without a sandbox, comma-separated, or `*`'),
  })
  .transform((values) => ({
    clusterId: values.CLUSTER_ID,
    clusterFile: values.CLUSTER_FILE,
    agentDir: values.AGENT_DIR,
    gatewayUrl: new URL(values.GATEWAY_URL),
    trustedTenants: values.TRUSTED_TENANTS,
    opsAddress: values.OPS_ADDRESS,
    nats: natsConfig(values),
  }));

export type AgentConfig = z.infer<typeof agentEnv>;
