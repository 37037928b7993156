import { hostname } from 'node:os';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { env } from './env.ts';

/**
 * Groups of variables with one meaning in every service. A service's schema spreads those it needs:
 * `z.object({ ...processEnv, ...postgresEnv, ...opsEnv, PRICES_FILE: env.path('…') })`.
 */
export const processEnv = {
  LOG_LEVEL: env.choice('Least level that is logged', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  REPLICA_ID: env
    .text('Name of this replica in logs and leadership (default: host name and process id)')
    .default(() => `${hostname()}-${process.pid}`),
  SUANLI_DEV: env.flag('Allows development conveniences; never set it where others can reach the service'),
};

export const postgresEnv = {
  DATABASE_URL: env.secretUrl('PostgreSQL as the role of the service, which owns nothing'),
  DATABASE_MAX_CONNECTIONS: env.int('Most connections of this replica to PostgreSQL', 10, { min: 1, max: 200 }),
  DATABASE_STATEMENT_TIMEOUT_MS: env.int('A statement that runs longer is cancelled', 15_000, { min: 100 }),
};

/** For the entry point that migrates, and for nothing else: a service never holds the owner's password. */
export const ownerEnv = {
  DATABASE_OWNER_URL: env.secretUrl('PostgreSQL as the owner of the service’s tables; read by migrations only'),
};

export const natsEnv = {
  NATS_URL: env.url('NATS server'),
  NATS_USER: env.text('Identity of the service at NATS'),
  NATS_PASSWORD: env.secret('Password of that identity'),
};

export const redisEnv = {
  REDIS_URL: env.secretUrl('Redis; holds wake-ups and caches only, may be lost'),
};

export const opsEnv = {
  OPS_ADDRESS: env.address('Listener of /healthz, /readyz and /metrics (plain HTTP, not for the public)'),
};

/** The internal listener and internal clients share one identity; the partner listener is optional. */
export const tlsEnv = {
  TLS_CA_FILE: env.path('PEM of the authority that signs the services’ certificates'),
  TLS_CERT_FILE: env.path('PEM certificate of the service, URI name spiffe://suanli/<service>'),
  TLS_KEY_FILE: env.path('PEM key of that certificate'),
};

export const grpcEnv = {
  GRPC_INTERNAL_ADDRESS: env.address('Listener of all packages of the service, mutual TLS'),
  GRPC_PARTNER_ADDRESS: env.address('Listener of the public packages only').optional(),
  JWKS_URL: env.url('Public keys of the gateway’s tokens'),
  ...tlsEnv,
};

const [processSchema, postgresSchema, natsSchema, tlsSchema] = [
  z.object(processEnv),
  z.object(postgresEnv),
  z.object(natsEnv),
  z.object(tlsEnv),
];

/** The variables of `postgresEnv` as `connectPostgres` takes them. */
export function postgresConfig(values: z.infer<typeof postgresSchema>, applicationName: string) {
  return {
    url: values.DATABASE_URL,
    maxConnections: values.DATABASE_MAX_CONNECTIONS,
    applicationName,
    statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
  };
}

/** The variables of `natsEnv` as `connectBus` takes them; `name` shows in the server's connection list. */
export function natsConfig(values: z.infer<typeof natsSchema> & Pick<z.infer<typeof processSchema>, 'REPLICA_ID'>) {
  const { NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, REPLICA_ID: name } = values;
  return { url, user, password, name };
}

export type TlsFiles = { caFile: string; certFile: string; keyFile: string };

export function tlsConfig(values: z.infer<typeof tlsSchema>): TlsFiles {
  return { caFile: values.TLS_CA_FILE, certFile: values.TLS_CERT_FILE, keyFile: values.TLS_KEY_FILE };
}

/** Reads what `tlsConfig` names, for `createGrpcServer` and `createGrpcClient`. */
export async function readTls(files: TlsFiles): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const [ca, cert, key] = await Promise.all([
    readFile(files.caFile),
    readFile(files.certFile),
    readFile(files.keyFile),
  ]);
  return { ca, cert, key };
}
