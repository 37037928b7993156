import type { Clock, Logger } from '@suanli/kernel';
import type { Driver, LogChunk, Uplink } from './ports.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskRunner } from './task-runner.ts';

/** One chunk, and all chunks of one message: NATS refuses messages over 1 MiB. */
const MAX_CHUNK_BYTES = 64 * 1024;
const MAX_BATCH_BYTES = 512 * 1024;
const IDLE_MS = 200;
const CUT_OFF_MS = 1_000;

export type ShipLogsDeps = {
  uplink: Uplink;
  driver: Driver;
  runner: TaskRunner;
  clock: Clock;
  logger: Logger;
  onChange: () => void;
};

/**
 * Sends what the tasks have written, by byte offset: the scheduler's answer says how much it has, so a chunk sent twice
 * is stored once and a chunk lost is sent again.
 */
export async function shipLogs(deps: ShipLogsDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const batch = await collect(deps);
    if (batch.length === 0) {
      await deps.clock.sleep(IDLE_MS, signal);
      continue;
    }
    try {
      const stored = await deps.uplink.sendLogs(
        batch.map((entry) => entry.chunk),
        signal,
      );
      batch.forEach(({ record }, i) => acknowledge(record, stored[i] ?? 0));
    } catch (error) {
      deps.logger.debug({ error }, 'logs could not be sent');
      await deps.clock.sleep(CUT_OFF_MS, signal);
    }
  }
}

function acknowledge(record: TaskRecord, storedBytes: number): void {
  if (storedBytes < 0) record.isLogComplete = true;
  else record.sentLogBytes = storedBytes;
}

async function collect({
  driver,
  runner,
  clock,
  onChange,
}: ShipLogsDeps): Promise<{ record: TaskRecord; chunk: LogChunk }[]> {
  const batch: { record: TaskRecord; chunk: LogChunk }[] = [];
  let bytes = 0;
  for (const record of runner.records()) {
    if (record.isLogComplete || record.dirs === undefined || bytes >= MAX_BATCH_BYTES) continue;
    const hasEnded = record.exit !== undefined;
    const data = await driver.readLog(record.dirs, record.sentLogBytes, MAX_CHUNK_BYTES);
    if (data.byteLength === 0) {
      // Nothing is written after the end, so an empty read then is the end of the log.
      if (hasEnded) {
        record.isLogComplete = true;
        onChange();
      }
      continue;
    }
    const { jobId, epoch, index } = record.desired;
    batch.push({ record, chunk: { jobId, epoch, index, offset: record.sentLogBytes, data, loggedAt: clock.now() } });
    bytes += data.byteLength;
  }
  return batch;
}
