import type { Api } from '../rest/api.ts';
import { present } from '../check.ts';
import { follow } from '../rest/events.ts';
import { hasEnded, type Job } from '../rest/views.ts';

/** What watching a job has shown: every state once, in order. */
export type Watched = { job: Job; phases: string[]; waitedFor: string[] };

/** Follows one job by its events, over as many connections as it takes, until it has ended. */
export async function watchJob(
  api: Api,
  jobId: string,
  { signal, onChange = () => {} }: { signal: AbortSignal; onChange?: (job: Job) => void },
): Promise<Watched> {
  const phases: string[] = [];
  const waitedFor: string[] = [];
  let last: Job | undefined;
  for await (const { id, data } of follow(api, `/v1/jobs/${jobId}/events`, { signal })) {
    const job = data as Job;
    if (last !== undefined && BigInt(id) <= BigInt(last.version)) {
      throw new Error(`${jobId}: version ${id} came after ${last.version}`);
    }
    last = job;
    if (phases.at(-1) !== job.phase) phases.push(job.phase);
    if (job.phase === 'pending' && job.reason !== undefined) waitedFor.push(job.reason.code);
    onChange(job);
    if (hasEnded(job)) break;
  }
  return { job: present(last, `the last state of ${jobId}`), phases, waitedFor };
}
