// Which processes make up the platform on one machine, and what each is told.
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { inRoot } from '../root.ts';
import type { ServiceCertificate } from './certificates.ts';
import type { ServiceDatabase } from './databases.ts';
import type { Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';

export const SERVICES = ['billing', 'model-hub', 'scheduler', 'workflow', 'gateway'] as const;
export type ServiceName = (typeof SERVICES)[number];
export const CLUSTERS = ['cn-shanghai', 'cn-hefei'] as const;
type ClusterId = (typeof CLUSTERS)[number];
export type AgentName = `agent-${ClusterId}`;
/** As it appears in logs, in `.data/platform.json` and in `kill`. */
export type ProcessName = ServiceName | AgentName;

export type ProcessSpec = { name: ProcessName; entry: string; env: Record<string, string>; opsAddress: string };

/** Everything that is settled before the first process starts. */
export type Surroundings = {
  dir: string;
  servers: { natsUrl: string; redisUrl: string };
  databases: Readonly<Record<ServiceName, ServiceDatabase>>;
  certificates: Readonly<Record<ServiceName, ServiceCertificate>>;
  secrets: Secrets;
  addresses: Addresses;
};

/** host:port of every listener. */
export type Addresses = {
  http: string;
  data: string;
  ops: Readonly<Record<ProcessName, string>>;
  internal: Readonly<Record<ServiceName, string>>;
  partner: Readonly<Record<ServiceName, string>>;
};

const HOST = '127.0.0.1';
const CATALOGUE = 'deploy/catalogue';
/** The bus knows model-hub under a name without a hyphen: a subject's token. */
const BUS_USER: Partial<Record<ServiceName, string>> = { 'model-hub': 'modelhub' };
/** A user's own settings that reach the services as they are. */
const PASSED_TO_ALL =
  /^(PATH|HOME|TZ|LANG|LOG_LEVEL|OTEL_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|HTTPS?_PROXY|NO_PROXY)$/i;
const PASSED_TO_GATEWAY = ['UPSTREAMS_FILE', 'OPENAI_BASE_URL', 'OPENAI_API_KEY'];

export async function chooseAddresses(ports: Ports, httpPort: number): Promise<Addresses> {
  const at = async (name: string, preferred?: number) => `${HOST}:${await ports.get(name, preferred)}`;
  const each = async <Name extends string>(names: readonly Name[], what: string) => {
    const entries: [Name, string][] = [];
    for (const name of names) entries.push([name, await at(`${name} ${what}`)]);
    return Object.fromEntries(entries) as Record<Name, string>;
  };
  const agents = CLUSTERS.map((cluster): AgentName => `agent-${cluster}`);
  return {
    http: await at('gateway http', httpPort),
    data: await at('model-hub data'),
    ops: await each<ProcessName>([...SERVICES, ...agents], 'ops'),
    internal: await each(SERVICES, 'internal gRPC'),
    partner: await each(SERVICES, 'partner gRPC'),
  };
}

/** The processes in the order in which they start; they stop in the reverse one. */
export function constellation(around: Surroundings, userEnv: NodeJS.ProcessEnv): ProcessSpec[] {
  const services = SERVICES.map((name): ProcessSpec => {
    const env = { ...inherited(userEnv), ...commonEnv(name, around), ...ownEnv(name, around, userEnv) };
    return { name, entry: inRoot('services', name, 'src/main.ts'), env, opsAddress: around.addresses.ops[name] };
  });
  const agents = CLUSTERS.map((cluster): ProcessSpec => {
    const name: AgentName = `agent-${cluster}`;
    const env = { ...inherited(userEnv), ...agentEnv(cluster, around) };
    return { name, entry: inRoot('services/scheduler/src/agent/main.ts'), env, opsAddress: around.addresses.ops[name] };
  });
  return [...services, ...agents];
}

/** The part of our own environment that the processes may see. */
export function inherited(userEnv: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(userEnv).filter(([key, value]) => value !== undefined && PASSED_TO_ALL.test(key));
  return Object.fromEntries(entries) as Record<string, string>;
}

export function operatorKey(secrets: Secrets): string {
  return `sop_${secrets.get('operator key')}`;
}

function commonEnv(service: ServiceName, { addresses, certificates, databases, servers, secrets }: Surroundings) {
  const { caFile, certFile, keyFile } = certificates[service];
  return {
    SUANLI_DEV: '1',
    DATABASE_URL: databases[service].url,
    ...natsEnv(BUS_USER[service] ?? service, servers.natsUrl, secrets),
    REDIS_URL: servers.redisUrl,
    OPS_ADDRESS: addresses.ops[service],
    GRPC_INTERNAL_ADDRESS: addresses.internal[service],
    GRPC_PARTNER_ADDRESS: addresses.partner[service],
    TLS_CA_FILE: caFile,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    JWKS_URL: `http://${addresses.http}/.well-known/jwks.json`,
    BILLING_ADDRESS: addresses.internal.billing,
    SCHEDULER_ADDRESS: addresses.internal.scheduler,
    WORKFLOW_ADDRESS: addresses.internal.workflow,
    MODEL_HUB_ADDRESS: addresses.internal['model-hub'],
    GATEWAY_ADDRESS: addresses.internal.gateway,
  };
}

function ownEnv(service: ServiceName, around: Surroundings, userEnv: NodeJS.ProcessEnv): Record<string, string> {
  const { addresses, secrets, dir } = around;
  switch (service) {
    case 'gateway':
      return {
        HTTP_ADDRESS: addresses.http,
        PUBLIC_URL: `http://${addresses.http}`,
        MASTER_KEY: secrets.get('gateway master key', 'base64'),
        OPERATOR_KEY_SHA256: createHash('sha256').update(operatorKey(secrets)).digest('hex'),
        ...picked(userEnv, PASSED_TO_GATEWAY),
      };
    case 'billing':
      return { PRICES_FILE: inRoot(CATALOGUE, 'prices.yaml'), PLANS_FILE: inRoot(CATALOGUE, 'plans.yaml') };
    case 'scheduler':
      return {
        CATALOGUE_FILE: inRoot(CATALOGUE, 'compute.yaml'),
        MASTER_KEY: secrets.get('scheduler master key', 'base64'),
      };
    case 'model-hub':
      return {
        DATA_ADDRESS: addresses.data,
        DATA_URL: `http://${addresses.data}`,
        BLOB_DIR: join(dir, 'blobs'),
        URL_SIGNING_KEY: secrets.get('model-hub URL signing key', 'base64'),
      };
    case 'workflow':
      return {};
  }
}

function agentEnv(cluster: ClusterId, { addresses, dir, secrets, servers }: Surroundings): Record<string, string> {
  return {
    SUANLI_DEV: '1',
    CLUSTER_ID: cluster,
    CLUSTER_FILE: inRoot(CATALOGUE, `cluster-${cluster}.yaml`),
    AGENT_DIR: join(dir, 'agents', cluster),
    GATEWAY_URL: `http://${addresses.http}`,
    OPS_ADDRESS: addresses.ops[`agent-${cluster}`],
    ...natsEnv(`agent-${cluster}`, servers.natsUrl, secrets),
  };
}

export function natsPassword(user: string, secrets: Secrets): string {
  return secrets.get(`nats user ${user}`);
}

function natsEnv(user: string, url: string, secrets: Secrets): Record<string, string> {
  return { NATS_URL: url, NATS_USER: user, NATS_PASSWORD: natsPassword(user, secrets) };
}

function picked(env: NodeJS.ProcessEnv, keys: readonly string[]): Record<string, string> {
  const entries = keys.map((key) => [key, env[key]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}
