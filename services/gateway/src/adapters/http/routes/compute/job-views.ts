import type { Attempt, Job, JobSpec, QuoteJobResponse, TaskStatus } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { Reason } from '@suanli/proto/suanli/common/v1/common.ts';
import { z } from 'zod';
import { instant, int64, micros, reason, timeOf } from '../../schemas.ts';
import { jobSpecView, toJobSpecView } from './job-spec.ts';

const toReason = (given: Reason | undefined): z.infer<typeof reason> | undefined =>
  given && given.code !== '' ? { code: given.code, message: given.message, details: given.details } : undefined;

const taskView = z.object({
  index: z.number(),
  phase: z.string(),
  node_id: z.string(),
  gpu_ids: z.array(z.string()),
  exit_code: z.number().optional(),
  signal: z.string().optional(),
  started_at: instant.optional(),
  finished_at: instant.optional(),
});
const toTaskView = (task: TaskStatus): z.infer<typeof taskView> => ({
  index: task.index,
  phase: task.phase,
  node_id: task.nodeId,
  gpu_ids: task.gpuIds,
  exit_code: task.exitCode,
  signal: task.signal === '' ? undefined : task.signal,
  started_at: timeOf(task.startedAt),
  finished_at: timeOf(task.finishedAt),
});

const attemptView = z.object({
  epoch: z.number(),
  region: z.string(),
  cluster_id: z.string(),
  sku: z.string(),
  phase: z.string(),
  reason: reason.optional(),
  bound_at: instant.optional(),
  started_at: instant.optional(),
  finished_at: instant.optional(),
  charged_ms: int64,
  hold_id: z.string(),
  tasks: z.array(taskView),
});
const toAttemptView = (attempt: Attempt): z.infer<typeof attemptView> => ({
  epoch: attempt.epoch,
  region: attempt.region,
  cluster_id: attempt.clusterId,
  sku: attempt.sku,
  phase: attempt.phase,
  reason: toReason(attempt.reason),
  bound_at: timeOf(attempt.boundAt),
  started_at: timeOf(attempt.startedAt),
  finished_at: timeOf(attempt.finishedAt),
  charged_ms: String(attempt.chargedMs),
  hold_id: attempt.holdId,
  tasks: attempt.tasks.map(toTaskView),
});

export const jobView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  spec: jobSpecView,
  phase: z.enum(['pending', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled']).or(z.string()),
  reason: reason.optional(),
  epoch: z.number(),
  attempts: z.array(attemptView),
  actions: z.array(z.string()),
  queue_position: z.number().optional(),
  created_at: instant.optional(),
  started_at: instant.optional(),
  finished_at: instant.optional(),
  version: int64,
});
export const toJobView = (job: Job): z.infer<typeof jobView> => ({
  id: job.jobId,
  workspace_id: job.tenant?.workspaceId ?? '',
  spec: toJobSpecView(job.spec ?? emptySpec()),
  phase: job.phase,
  reason: toReason(job.reason),
  epoch: job.epoch,
  attempts: job.attempts.map(toAttemptView),
  actions: job.actions,
  queue_position: job.queuePosition === 0 ? undefined : job.queuePosition,
  created_at: timeOf(job.createdAt),
  started_at: timeOf(job.startedAt),
  finished_at: timeOf(job.finishedAt),
  version: String(job.version),
});

export const quoteView = z.object({
  id: z.string().optional().meta({ description: 'Name it as quote_id when you submit the job' }),
  valid_until: instant.optional(),
  hold_micros: micros.optional(),
  expected_micros: micros.optional(),
  start_time: z.object({ p50_ms: int64, p90_ms: int64 }).nullable(),
  start_time_reason: reason.optional(),
  currency: z.string(),
  options: z.array(
    z.object({
      region: z.string(),
      cluster_id: z.string(),
      sku: z.string(),
      price: z.object({ id: z.string(), amount_micros: micros, per_quantity: int64 }),
      expected_total_micros: micros,
      hold_micros: micros,
      fits_now: z.boolean(),
      reason: reason.optional(),
    }),
  ),
});
export const toQuoteView = (answer: QuoteJobResponse): z.infer<typeof quoteView> => ({
  ...(answer.quote !== undefined && {
    id: answer.quote.quoteId,
    valid_until: timeOf(answer.quote.validUntil),
    hold_micros: String(answer.quote.holdMicros),
    expected_micros: String(answer.quote.expectedMicros),
  }),
  start_time: answer.startTime
    ? { p50_ms: String(answer.startTime.p50Ms), p90_ms: String(answer.startTime.p90Ms) }
    : null,
  start_time_reason: toReason(answer.startTimeReason),
  currency: answer.currency,
  options: answer.options.map((option) => ({
    region: option.region,
    cluster_id: option.clusterId,
    sku: option.sku,
    price: {
      id: option.priceId,
      amount_micros: String(option.priceAmountMicros),
      per_quantity: String(option.pricePerQuantity),
    },
    expected_total_micros: String(option.expectedTotalMicros),
    hold_micros: String(option.holdMicros),
    fits_now: option.fitsNow,
    reason: toReason(option.reason),
  })),
});

function emptySpec(): JobSpec {
  throw new Error('the scheduler answered with a job without a spec');
}
