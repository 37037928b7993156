export { ensureBubblewrap } from './bubblewrap.ts';
export { startNats, type NatsOptions } from './nats.ts';
export { startPostgres, type PostgresOptions } from './postgres.ts';
export {
  runCommand,
  inheritedEnv,
  startChild,
  type Child,
  type ChildExit,
  type ChildOptions,
} from './processes/child-process.ts';
export { readLivePid, stopStale, writePidFile } from './processes/pid-file.ts';
export { choosePort, freePort, isPortFree } from './processes/ports.ts';
export { waitUntil, type WaitOptions } from './processes/readiness.ts';
export { startRedis } from './redis.ts';
export { defaultCacheDir, ServerMissing, type RunningServer, type ServerOptions, type ServerSource } from './server.ts';
