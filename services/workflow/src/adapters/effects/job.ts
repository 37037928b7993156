import type { GrpcClient } from '@suanli/grpc-kit';
import { readGrpcError } from '@suanli/grpc-kit';
import type { WorkloadServiceClient } from '@suanli/proto/suanli/scheduler/internal/v1/jobs.ts';
import type { Job, JobSpec } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { EffectOutcome } from '../../app/ports.ts';
import { asText, isObject, type Json, type JsonObject } from '../../domain/json.ts';
import { faults } from '../../domain/run/workflow-error.ts';
import { type Effect, wireTenant } from './effect.ts';

type Workloads = GrpcClient<(typeof WorkloadServiceClient)['service']>;

const JOB_DEADLINE_MS = 20_000;
/** The end of a job is told by an event; this only bounds how long a lost one goes unseen. */
const ASK_AGAIN_MS = 30_000;
const LOG_TAIL_BYTES = 32 * 1024;
const DETAIL_LOG_CHARS = 1_000;
const DEFAULTS = { milliCpus: 1_000, memoryBytes: 512n * 1024n * 1024n, maxRunSeconds: 3_600, graceSeconds: 10 };

/** job.run: submits, under the effect's key, so that a second submission finds the first one's job. */
export async function submitJob(
  workloads: Workloads,
  { step, tenant, key }: Effect,
  given: JsonObject,
  signal?: AbortSignal,
): Promise<EffectOutcome & { kind: 'started' }> {
  const { job } = await workloads.submitJob(
    { tenant: wireTenant(tenant), requestId: key, spec: jobSpec(given, step) },
    { deadlineMs: JOB_DEADLINE_MS, ...(signal && { signal }) },
  );
  return { kind: 'started', jobId: job?.jobId ?? '', askAgainMs: ASK_AGAIN_MS };
}

/** What has become of it: its exit code and the end of its log, or that it still runs. */
export async function collectJob(
  workloads: Workloads,
  { step, tenant }: Effect,
  given: JsonObject,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const jobId = step.jobId ?? '';
  const who = { tenant: wireTenant(tenant), jobId };
  const options = { signal, deadlineMs: JOB_DEADLINE_MS };
  const { job } = await workloads.readJob(who, options);
  if (job === undefined || !['succeeded', 'failed', 'cancelled'].includes(job.phase)) {
    return { kind: 'started', jobId, askAgainMs: ASK_AGAIN_MS };
  }
  const tail = await workloads.readLogTail({ ...who, taskIndex: 0, maxBytes: LOG_TAIL_BYTES }, options);
  return resultOf(job, Buffer.from(tail.data).toString('utf8'), given['allow_failure'] === true);
}

/** Also when the submission was never recorded: submitting again under the same key finds the job, then stops it. */
export async function stopJob(workloads: Workloads, effect: Effect): Promise<void> {
  const { step, tenant, key } = effect;
  if (!isObject(step.arguments) || step.attempt === 0) return;
  try {
    const jobId = step.jobId ?? (await submitJob(workloads, effect, step.arguments)).jobId;
    const request = { tenant: wireTenant(tenant), jobId, requestId: `${key}/stop` };
    await workloads.stopJob(request, { deadlineMs: JOB_DEADLINE_MS });
  } catch (error) {
    // Refused: there is no such job, or it could never be submitted.
    if (readGrpcError(error).kind !== 'refused') throw error;
  }
}

function resultOf(job: Job, logTail: string, isFailureAllowed: boolean): EffectOutcome {
  const exitCode = exitCodeOf(job);
  const output: Json = { job_id: job.jobId, phase: job.phase, exit_code: exitCode ?? null, log_tail: logTail };
  const isResult = job.phase === 'succeeded' || (job.phase === 'failed' && isFailureAllowed && exitCode !== undefined);
  if (isResult) return { kind: 'done', output };
  const reason = job.reason?.message ?? '';
  const how = exitCode === undefined ? reason : `exit code ${exitCode}${reason && `, ${reason}`}`;
  const detail = `the job ${job.jobId} ${job.phase}: ${how}\n${logTail.slice(-DETAIL_LOG_CHARS)}`;
  return { kind: 'failed', error: faults.runtime(detail) };
}

/** Of the task that failed, else of the first. */
function exitCodeOf(job: Job): number | undefined {
  const tasks = job.attempts.at(-1)?.tasks ?? [];
  return (tasks.find((task) => (task.exitCode ?? 0) !== 0) ?? tasks[0])?.exitCode;
}

function jobSpec(given: JsonObject, step: Effect['step']): JobSpec {
  const number = (key: string, fallback: number) => (typeof given[key] === 'number' ? given[key] : fallback);
  const texts = (key: string) => (Array.isArray(given[key]) ? given[key].map(asText) : []);
  const text = (key: string, fallback = '') => (typeof given[key] === 'string' ? given[key] : fallback);
  const environment = isObject(given['env']) ? Object.entries(given['env']) : [];
  const mounts = Array.isArray(given['mounts']) ? given['mounts'].filter(isObject) : [];
  return {
    name: text('name', step.name),
    command: texts('command'),
    env: Object.fromEntries(environment.map(([name, value]) => [name, asText(value)])),
    workingDir: text('working_dir'),
    taskCount: number('task_count', 1),
    milliGpus: number('milli_gpus', 0),
    milliCpus: number('milli_cpus', DEFAULTS.milliCpus),
    memoryBytes: BigInt(number('memory_bytes', Number(DEFAULTS.memoryBytes))),
    skus: texts('skus'),
    regions: texts('regions'),
    maxRunSeconds: number('max_run_seconds', DEFAULTS.maxRunSeconds),
    maxRequeues: number('max_requeues', 0),
    graceSeconds: number('grace_seconds', DEFAULTS.graceSeconds),
    mounts: mounts.map((mount) => ({
      mode: asText(mount['mode']),
      path: asText(mount['path']),
      repositoryId: asText(mount['repository']),
      revision: asText(mount['revision']),
    })),
    priority: number('priority', 0),
    onDisconnect: '',
    disconnectGraceSeconds: 0,
    externalKey: step.id,
  };
}
