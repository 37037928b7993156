import type { JobSpec, Mount } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import { z } from 'zod';
import { idOrName, idParam, int64, name, sizeIn } from '../../schemas.ts';

/** A job as a customer writes it. What a field means is said in scheduler/v1/job.proto; bounds here are of form only. */

const MAX_ARGUMENTS = 256;
const MAX_ARGUMENT_CHARS = 32 * 1024;
const MAX_ENV_VARIABLES = 128;
const MAX_PATH_CHARS = 1_024;
const int32 = z.int().max(2_147_483_647);
const path = z.string().max(MAX_PATH_CHARS);
const argument = z.string().max(MAX_ARGUMENT_CHARS);

const mountIn = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('in'), path, repository_id: idOrName, revision: z.string().max(128).optional() }),
  z.strictObject({ mode: z.literal('out'), path, repository_id: idOrName }),
]);

export const jobSpecIn = z.strictObject({
  name,
  command: z.array(argument).min(1).max(MAX_ARGUMENTS).meta({ description: 'Program and arguments, not a shell line' }),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'is not a variable name'), argument)
    .refine((env) => Object.keys(env).length <= MAX_ENV_VARIABLES, `at most ${MAX_ENV_VARIABLES} variables`)
    .default({}),
  working_dir: path.default(''),
  task_count: int32.min(1).default(1).meta({ description: 'More than 1 is a gang: it runs whole or not at all' }),
  milli_gpus: int32.min(0).default(0).meta({ description: 'Thousandths of a GPU for each task' }),
  milli_cpus: int32.min(1).default(1_000).meta({ description: 'Thousandths of a CPU core for each task' }),
  memory_bytes: sizeIn.prefault(512 * 1024 * 1024),
  skus: z.array(z.string().min(1).max(100)).max(50).default([]),
  regions: z.array(z.string().min(1).max(100)).max(50).default([]),
  max_run_seconds: int32.min(1).max(604_800).default(3_600),
  max_requeues: int32.min(0).max(10).default(2),
  grace_seconds: int32.min(0).max(300).default(10),
  mounts: z.array(mountIn).max(16).default([]),
  priority: int32.min(-100).max(100).default(0),
  on_disconnect: z.enum(['kill', 'keep']).default('kill'),
  disconnect_grace_seconds: int32.min(0).default(0),
  external_key: z.string().max(128).default(''),
  quote_id: idParam.optional().meta({ description: 'A quote that is still valid: its prices count' }),
});

export function toJobSpec(spec: z.output<typeof jobSpecIn>): JobSpec {
  return {
    name: spec.name,
    command: spec.command,
    env: spec.env,
    workingDir: spec.working_dir,
    taskCount: spec.task_count,
    milliGpus: spec.milli_gpus,
    milliCpus: spec.milli_cpus,
    memoryBytes: spec.memory_bytes,
    skus: spec.skus,
    regions: spec.regions,
    maxRunSeconds: spec.max_run_seconds,
    maxRequeues: spec.max_requeues,
    graceSeconds: spec.grace_seconds,
    mounts: spec.mounts.map(
      (mount): Mount => ({
        mode: mount.mode,
        path: mount.path,
        repositoryId: mount.repository_id,
        revision: mount.mode === 'in' ? (mount.revision ?? '') : '',
      }),
    ),
    priority: spec.priority,
    onDisconnect: spec.on_disconnect,
    disconnectGraceSeconds: spec.disconnect_grace_seconds,
    externalKey: spec.external_key,
    ...(spec.quote_id !== undefined && { quoteId: spec.quote_id }),
  };
}

export const jobSpecView = z.object({
  name: z.string(),
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  working_dir: z.string(),
  task_count: z.number(),
  milli_gpus: z.number(),
  milli_cpus: z.number(),
  memory_bytes: int64,
  skus: z.array(z.string()),
  regions: z.array(z.string()),
  max_run_seconds: z.number(),
  max_requeues: z.number(),
  grace_seconds: z.number(),
  mounts: z.array(
    z.object({ mode: z.string(), path: z.string(), repository_id: z.string(), revision: z.string().optional() }),
  ),
  priority: z.number(),
  on_disconnect: z.string(),
  disconnect_grace_seconds: z.number(),
  external_key: z.string(),
  quote_id: z.string().optional(),
});

export function toJobSpecView(spec: JobSpec): z.infer<typeof jobSpecView> {
  return {
    name: spec.name,
    command: spec.command,
    env: spec.env,
    working_dir: spec.workingDir,
    task_count: spec.taskCount,
    milli_gpus: spec.milliGpus,
    milli_cpus: spec.milliCpus,
    memory_bytes: String(spec.memoryBytes),
    skus: spec.skus,
    regions: spec.regions,
    max_run_seconds: spec.maxRunSeconds,
    max_requeues: spec.maxRequeues,
    grace_seconds: spec.graceSeconds,
    mounts: spec.mounts.map(({ mode, path: at, repositoryId, revision }) => ({
      mode,
      path: at,
      repository_id: repositoryId,
      ...(revision !== '' && { revision }),
    })),
    priority: spec.priority,
    on_disconnect: spec.onDisconnect,
    disconnect_grace_seconds: spec.disconnectGraceSeconds,
    external_key: spec.externalKey,
    ...(spec.quoteId !== undefined && { quote_id: spec.quoteId }),
  };
}
