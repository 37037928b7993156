export {
  grpcEnv,
  natsConfig,
  natsEnv,
  opsEnv,
  ownerEnv,
  postgresConfig,
  postgresEnv,
  processEnv,
  readTls,
  redisEnv,
  tlsConfig,
  tlsEnv,
  type TlsFiles,
} from './config/common-env.ts';
export { describeEnv, type EnvRow } from './config/describe-env.ts';
export { env } from './config/env.ts';
export { parseEnv, type ParsedEnv } from './config/parse-env.ts';
export { createLogger, type LoggerOptions } from './create-logger.ts';
export { createMetrics, LATENCY_BUCKETS_S, type Metrics } from './metrics.ts';
export { createOpsServer, type OpsServer, type OpsServerOptions, type ReadinessCheck } from './ops-server.ts';
export { type CreateService, run, runOnce, type RunOptions } from './run.ts';
export type { Service } from './service.ts';
export { type Loop, type Loops, superviseLoops } from './supervise-loops.ts';
export { createVault, type Vault } from './vault.ts';
