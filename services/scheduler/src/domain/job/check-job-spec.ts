import type { JobSpec } from './job-spec.ts';

/** Limits of one job. */
export const JOB_LIMITS = {
  nameChars: 100,
  commandParts: 256,
  commandBytes: 65_536,
  envEntries: 128,
  envBytes: 65_536,
  pathChars: 1_024,
  tasks: 256,
  milliGpusPerTask: 64_000,
  milliCpusPerTask: 1_024_000,
  memoryBytesPerTask: 16 * 2 ** 40,
  listEntries: 32,
  mounts: 16,
  maxRunSeconds: 604_800,
  maxRequeues: 10,
  graceSeconds: 300,
  disconnectGraceSeconds: 86_400,
  priority: 100,
  externalKeyChars: 256,
} as const;

/** Names that the platform sets itself. */
const RESERVED_ENV = /^(SUANLI_.*|CUDA_VISIBLE_DEVICES)$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type SpecProblem = { field: string; message: string };

/** The first thing wrong with a spec, or undefined. */
export function checkJobSpec(spec: JobSpec): SpecProblem | undefined {
  return checkProgram(spec) ?? checkResources(spec) ?? checkConduct(spec) ?? checkMounts(spec);
}

function checkProgram(spec: JobSpec): SpecProblem | undefined {
  const { nameChars, commandParts, commandBytes, pathChars } = JOB_LIMITS;
  if (spec.name.length < 1 || spec.name.length > nameChars)
    return bad('name', `must have 1 to ${nameChars} characters`);
  if (spec.command.length < 1 || spec.command.length > commandParts)
    return bad('command', `must have 1 to ${commandParts} parts`);
  if (spec.command[0] === '') return bad('command', 'must begin with a program');
  if (sumOf(spec.command) > commandBytes) return bad('command', `must not be longer than ${commandBytes} characters`);
  if ([...spec.command, spec.workingDir].some(hasNul)) return bad('command', 'must not contain NUL');
  if (spec.workingDir.length > pathChars) return bad('working_dir', `must not be longer than ${pathChars} characters`);
  return checkEnv(spec.env);
}

function checkEnv(env: JobSpec['env']): SpecProblem | undefined {
  const entries = Object.entries(env);
  if (entries.length > JOB_LIMITS.envEntries)
    return bad('env', `must not have more than ${JOB_LIMITS.envEntries} entries`);
  if (sumOf(entries.flat()) > JOB_LIMITS.envBytes)
    return bad('env', `must not be longer than ${JOB_LIMITS.envBytes} characters`);
  for (const [name, value] of entries) {
    if (!ENV_NAME.test(name)) return bad('env', 'names must be letters, digits and underscores');
    if (RESERVED_ENV.test(name)) return bad('env', `${name} is set by the platform`);
    if (hasNul(value)) return bad('env', 'must not contain NUL');
  }
  return undefined;
}

function checkResources(spec: JobSpec): SpecProblem | undefined {
  const limits = JOB_LIMITS;
  const problem =
    inRange('task_count', spec.taskCount, 1, limits.tasks) ??
    inRange('milli_gpus', spec.milliGpus, 0, limits.milliGpusPerTask) ??
    inRange('milli_cpus', spec.milliCpus, 1, limits.milliCpusPerTask) ??
    inRange('memory_bytes', spec.memoryBytes, 1, limits.memoryBytesPerTask);
  if (problem !== undefined) return problem;
  if (spec.milliGpus > 1000 && spec.milliGpus % 1000 !== 0) return bad('milli_gpus', 'above 1000 must be whole GPUs');
  for (const [field, list] of [
    ['skus', spec.skus],
    ['regions', spec.regions],
  ] as const) {
    if (list.length > limits.listEntries) return bad(field, `must not have more than ${limits.listEntries} entries`);
    if (new Set(list).size !== list.length || list.includes('')) return bad(field, 'must not repeat or be blank');
  }
  if (spec.milliGpus === 0 && spec.skus.length > 0) return bad('skus', 'a job without GPUs has no SKU to choose');
  return undefined;
}

function checkConduct(spec: JobSpec): SpecProblem | undefined {
  const limits = JOB_LIMITS;
  if (spec.externalKey.length > limits.externalKeyChars)
    return bad('external_key', `must not be longer than ${limits.externalKeyChars} characters`);
  if (spec.onDisconnect !== 'kill' && spec.onDisconnect !== 'keep')
    return bad('on_disconnect', 'must be `kill` or `keep`');
  return (
    inRange('max_run_seconds', spec.maxRunSeconds, 1, limits.maxRunSeconds) ??
    inRange('max_requeues', spec.maxRequeues, 0, limits.maxRequeues) ??
    inRange('grace_seconds', spec.graceSeconds, 0, limits.graceSeconds) ??
    inRange('priority', spec.priority, -limits.priority, limits.priority) ??
    inRange('disconnect_grace_seconds', spec.disconnectGraceSeconds, 0, limits.disconnectGraceSeconds)
  );
}

function checkMounts(spec: JobSpec): SpecProblem | undefined {
  if (spec.mounts.length > JOB_LIMITS.mounts)
    return bad('mounts', `must not have more than ${JOB_LIMITS.mounts} entries`);
  for (const [at, mount] of spec.mounts.entries()) {
    const field = `mounts[${at}]`;
    if (mount.mode !== 'in' && mount.mode !== 'out') return bad(`${field}.mode`, 'must be `in` or `out`');
    if (!isAbsoluteClean(mount.path)) return bad(`${field}.path`, 'must be an absolute path without `..`');
    if (mount.repositoryId === '') return bad(`${field}.repository_id`, 'must name a repository');
    if (mount.mode === 'out' && mount.revision !== '') return bad(`${field}.revision`, 'an output has none yet');
    const isNested = spec.mounts.some((other, i) => i !== at && `${mount.path}/`.startsWith(`${other.path}/`));
    if (isNested) return bad(`${field}.path`, 'lies inside another mount');
  }
  return undefined;
}

function isAbsoluteClean(path: string): boolean {
  if (!path.startsWith('/') || path.length > JOB_LIMITS.pathChars || hasNul(path)) return false;
  return path
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
}

function inRange(field: string, value: number, least: number, most: number): SpecProblem | undefined {
  return Number.isSafeInteger(value) && value >= least && value <= most
    ? undefined
    : bad(field, `must be a whole number from ${least} to ${most}`);
}

const bad = (field: string, message: string): SpecProblem => ({ field, message: `${field} ${message}` });
const sumOf = (parts: readonly string[]) => parts.reduce((sum, part) => sum + part.length, 0);
const hasNul = (text: string) => text.includes('\0');
