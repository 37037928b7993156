import { type Refused, refuse } from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import type { StreamJournalRequest, StreamJournalResponse } from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import type { Transact } from '../../app/ports.ts';
import { refused } from '../../app/refusal.ts';
import { isEnded } from '../../domain/run/run.ts';
import type { RunWakes } from '../nats/run-wakes.ts';
import { toGrpcRefusal } from './refusals.ts';
import { journalMessage } from './to-proto.ts';

export type JournalDeps = { transact: Transact; wakes: Pick<RunWakes, 'next'> };

const BATCH = 200;
/** How long an entry may go unseen when no wake-up comes. */
const POLL_MS = 1_000;

/** The journal of a run from a sequence on, in order and without gaps; with `follow` until the run has ended. */
export async function* followJournal(
  { transact, wakes }: JournalDeps,
  ctx: CallContext,
  { runId, afterSequence, follow }: StreamJournalRequest,
): AsyncGenerator<StreamJournalResponse, Refused | void, void> {
  for (let after = afterSequence; ; ) {
    const seen = await transact(async ({ runs, journal }) => {
      const run = await runs.get(ctx.tenant, runId);
      return run && { run, entries: await journal.read(runId, after, BATCH) };
    });
    if (seen === undefined) return refuse(toGrpcRefusal(refused({ reason: 'run_not_found' })));
    for (const entry of seen.entries) {
      yield { entry: journalMessage(entry) };
      after = entry.sequence;
    }
    if (seen.entries.length === BATCH) continue;
    if (!follow || ctx.signal.aborted || (isEnded(seen.run.status) && after >= seen.run.sequence)) return;
    await wakes.next(runId, POLL_MS, ctx.signal);
  }
}
