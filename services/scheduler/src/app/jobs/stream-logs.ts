import type { CallContext } from '@suanli/kernel';
import { isTerminal } from '../../domain/workload/phase-machine.ts';
import type { SchedulerDeps } from '../deps.ts';
import type { WaitForChange } from '../ports.ts';
import type { StoredChunk } from '../stores.ts';

export type LogRequest = { jobId: string; taskIndex: number; epoch: number; fromOffset: number; isFollowing: boolean };

/** Bytes read from the database at once. */
const READ_BYTES = 256 * 1024;

/**
 * A task's log from an offset on, one attempt after the other. With `isFollowing` until the job has ended and all is
 * sent: the end is looked at before the last read, so that nothing stored before it is missed.
 */
export async function* streamLogs(
  deps: SchedulerDeps & { waitForChange: WaitForChange },
  ctx: CallContext,
  request: LogRequest,
): AsyncGenerator<{ epoch: number; chunk: StoredChunk }, void, void> {
  const { workloads, logs } = deps.stores(deps.db);
  let epoch = request.epoch;
  let offset = request.fromOffset;
  while (!ctx.signal.aborted) {
    const present = await workloads.versionOf(ctx.tenant, request.jobId);
    if (present === undefined) return;
    if (epoch === 0) epoch = present.epoch;
    const isPast = epoch < present.epoch || isTerminal(present.phase);
    const key = { workloadId: request.jobId, epoch, taskIndex: request.taskIndex };
    const chunks = epoch === 0 ? [] : await logs.read(key, offset, READ_BYTES);
    for (const chunk of chunks) {
      yield { epoch, chunk };
      offset = chunk.offset + chunk.data.byteLength;
    }
    if (chunks.length > 0) continue;
    if (!request.isFollowing) return;
    if (!isPast) await deps.waitForChange(request.jobId, ctx.signal);
    else if (request.epoch === 0 && epoch < present.epoch) [epoch, offset] = [epoch + 1, 0];
    else return;
  }
}

/** The end of one task's log in its newest attempt; undefined when there is no such job. */
export async function readLogTail(
  deps: SchedulerDeps,
  ctx: CallContext,
  request: { jobId: string; taskIndex: number; maxBytes: number },
): Promise<Uint8Array | undefined> {
  const { workloads, logs } = deps.stores(deps.db);
  const present = await workloads.versionOf(ctx.tenant, request.jobId);
  if (present === undefined) return undefined;
  const key = { workloadId: request.jobId, epoch: present.epoch, taskIndex: request.taskIndex };
  const size = await logs.size(key);
  const parts: Uint8Array[] = [];
  let offset = Math.max(0, size - request.maxBytes);
  while (offset < size) {
    const chunks = await logs.read(key, offset, READ_BYTES);
    const last = chunks.at(-1);
    if (last === undefined) break;
    parts.push(...chunks.map((chunk) => chunk.data));
    offset = last.offset + last.data.byteLength;
  }
  return Buffer.concat(parts).subarray(-request.maxBytes);
}
