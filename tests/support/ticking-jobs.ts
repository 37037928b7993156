import { expectedCharge, sumOf } from '@suanli/tools/smoke/bill';
import { readLog } from '@suanli/tools/smoke/steps/read-log';
import { watchJob } from '@suanli/tools/smoke/steps/watch-jobs';
import type { Api } from '@suanli/tools/smoke/rest/api';
import type { BillLine, Job, Price } from '@suanli/tools/smoke/rest/views';
import { eventually } from '@suanli/test-kit';
import { expect } from 'vitest';

/** Long after the last failure everything must have been said and rated. */
const SETTLED_WITHIN_MS = 90_000;

/** A job that says a number twice a second and stops at `ticks`: its log shows whether it ran whole. */
export function tickingJob(name: string, ticks: number): object {
  const script = 'i=0; while [ $i -lt $1 ]; do i=$((i+1)); echo tick $i; sleep 0.5; done';
  return {
    name,
    command: ['sh', '-c', script, 'sh', String(ticks)],
    milli_gpus: 1_000,
    milli_cpus: 100,
    memory_bytes: 64 * 1024 * 1024,
    max_run_seconds: 600,
    max_requeues: 10,
    grace_seconds: 1,
  };
}

/** What a job's log must be, however often the job or the platform was killed meanwhile. */
export function tickingLog(ticks: number): string {
  return Array.from({ length: ticks }, (_, i) => `tick ${i + 1}\n`).join('');
}

export type Submitted = { id: string; ticks: number; ended: Promise<Job> };

/** Submits a ticking job and watches it from then on. */
export async function submitTicking(api: Api, name: string, ticks: number, signal: AbortSignal): Promise<Submitted> {
  const { id } = await api.post<Job>('/v1/jobs', tickingJob(name, ticks));
  const ended = watchJob(api, id, { signal }).then(({ job }) => job);
  ended.catch(() => {}); // Whoever awaits it hears of it; until then it must not end the process.
  return { id, ticks, ended };
}

/** Every job has succeeded once, whole, and costs exactly what its timestamps say. Returns what all of them cost. */
export async function expectDoneOnce(api: Api, submitted: readonly Submitted[]): Promise<bigint> {
  const prices = await api.list<Price>('/v1/prices');
  let total = 0n;
  for (const { id, ticks, ended } of submitted) {
    const job = await ended;
    expect([id, job.phase, job.reason?.code]).toEqual([id, 'succeeded', 'completed']);
    expect(job.attempts.filter((attempt) => attempt.phase === 'succeeded').length).toBe(1);
    await eventually(async () => expect(await readLog(api, id)).toBe(tickingLog(ticks)), {
      timeoutMs: SETTLED_WITHIN_MS,
    });
    total += await billedExactly(api, job, prices);
    const now = await api.get<Job>(`/v1/jobs/${id}`);
    expect(now.version).toBe(job.version); // Nothing happened to it after its end.
  }
  return total;
}

/** What came back by itself: the cost of attempts that were lost with their agents. */
export async function givenBack(api: Api): Promise<bigint> {
  const credits = await api.list<{ amount_micros: string }>('/v1/automatic-credits');
  return credits.reduce((sum, credit) => sum + BigInt(credit.amount_micros), 0n);
}

async function billedExactly(api: Api, job: Job, prices: readonly Price[]): Promise<bigint> {
  const want = expectedCharge(job, prices);
  await eventually(
    async () => {
      const lines = await api.list<BillLine>(`/v1/bill-lines?resource_id=${job.id}`);
      expect([job.id, sumOf(lines)]).toEqual([job.id, want]);
    },
    { timeoutMs: SETTLED_WITHIN_MS },
  );
  return want;
}
