import { type Logger, systemClock } from '@suanli/kernel';
import { z } from 'zod';
import { processEnv } from './config/common-env.ts';
import { parseEnv } from './config/parse-env.ts';
import { createLogger } from './create-logger.ts';
import { EXIT_BAD_CONFIG, STOP_LIMIT_MS } from './limits.ts';
import type { Service } from './service.ts';
import { stopTelemetry } from './telemetry/provider.ts';

/** A composition root: `createBilling(config, overrides)`. */
export type CreateService<Config> = (config: Config, overrides: { logger: Logger }) => Promise<Service>;

export type RunOptions = {
  /** Name in logs. Default: from the function's name, `createModelHub` is `model-hub`. */
  service?: string;
  /** From the first signal to the exit, whatever hangs. Default STOP_LIMIT_MS. */
  stopLimitMs?: number;
};

/**
 * Runs a service as this process, from environment to exit code: 0 after a clean stop, 1 when anything failed, 78 when
 * the configuration is unusable (all problems are listed). SIGTERM and SIGINT stop it within STOP_LIMIT_MS, a second
 * signal exits at once. Nothing that fails unseen is survived: a broken promise may have left state half done.
 */
export async function run<Config>(
  create: CreateService<Config>,
  configSchema: z.ZodType<Config>,
  options: RunOptions = {},
): Promise<never> {
  const { config, logger } = prepare(configSchema, options.service ?? serviceName(create.name));
  const stopAsked = firstSignal(logger);

  const startedMs = systemClock.monotonicMs();
  const stopLimitMs = options.stopLimitMs ?? STOP_LIMIT_MS;
  const service = await startOrExit(create, config, logger, stopLimitMs);
  logger.info({ startMs: Math.round(systemClock.monotonicMs() - startedMs) }, 'started');

  const signal = await stopAsked;
  logger.info({ signal }, 'stopping');
  process.exit(await stop(service, logger, stopLimitMs));
}

/**
 * Runs a task to its end as this process: migrations, checks, repairs. `await runOnce('billing-migrate', schema, task)`.
 * The same configuration, logs and exit codes as `run`.
 */
export async function runOnce<Config>(
  name: string,
  configSchema: z.ZodType<Config>,
  task: (config: Config, logger: Logger) => Promise<void>,
): Promise<never> {
  const { config, logger } = prepare(configSchema, name);
  try {
    await task(config, logger);
  } catch (error) {
    logger.error({ err: error }, 'failed');
    process.exit(1);
  }
  process.exit(0);
}

function prepare<Config>(configSchema: z.ZodType<Config>, name: string): { config: Config; logger: Logger } {
  const config = readConfig(configSchema);
  const common = readConfig(z.object(processEnv));
  const logger = createLogger({ service: name, level: common.LOG_LEVEL, replicaId: common.REPLICA_ID });
  failLoudly(logger);
  return { config, logger };
}

function readConfig<Config>(schema: z.ZodType<Config>): Config {
  const parsed = parseEnv(schema, process.env);
  if (parsed.kind === 'ok') return parsed.config;
  process.stderr.write(`The configuration cannot be used:\n${parsed.problems.map((line) => `  ${line}\n`).join('')}`);
  process.exit(EXIT_BAD_CONFIG);
}

function failLoudly(logger: Logger): void {
  const fail = (kind: string) => (error: unknown) => {
    logger.error({ err: error }, kind);
    process.exit(1);
  };
  process.on('unhandledRejection', fail('unhandled rejection'));
  process.on('uncaughtException', fail('uncaught exception'));
}

/** Also keeps the process alive: a service lives until it is told to stop, not until it happens to hold no handle. */
function firstSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 2 ** 30);
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isStopping) {
        logger.warn({ signal }, 'second signal: exiting at once');
        process.exit(1);
      }
      isStopping = true;
      clearInterval(alive);
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function startOrExit<Config>(
  create: CreateService<Config>,
  config: Config,
  logger: Logger,
  stopLimitMs: number,
): Promise<Service> {
  let service: Service | undefined;
  try {
    service = await create(config, { logger });
    await service.start();
    return service;
  } catch (error) {
    logger.error({ err: error }, 'could not start');
    if (service) await stop(service, logger, stopLimitMs);
    process.exit(1);
  }
}

async function stop(service: Service, logger: Logger, limitMs: number): Promise<0 | 1> {
  const stopped = new AbortController();
  const limit = systemClock.sleep(limitMs, stopped.signal).then(() => 'late' as const);
  try {
    const outcome = await Promise.race([service[Symbol.asyncDispose]().then(() => 'stopped' as const), limit]);
    await stopTelemetry();
    if (outcome === 'late') logger.error({ limitMs }, 'stop took too long; exiting');
    else logger.info({}, 'stopped');
    return outcome === 'late' ? 1 : 0;
  } catch (error) {
    logger.error({ err: error }, 'stop failed');
    return 1;
  } finally {
    stopped.abort();
  }
}

/** `createModelHub` → `model-hub`. */
export function serviceName(functionName: string): string {
  const bare = functionName.replace(/^create/, '');
  return bare.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase() || 'service';
}
