import type { Clock } from '@suanli/kernel';
import type { StopCause } from '../../domain/task.ts';
import { readDiskBytes, readSharedOutBytes, readTreeUsage } from './proc.ts';

const SAMPLE_INTERVAL_MS = 250;
/** The disk is looked at once in so many samples: walking a tree costs more than reading /proc. */
const DISK_EVERY_SAMPLES = 8;

export type TaskLimits = { memoryBytes: number; diskBytes: number; processCount: number };

/**
 * Watches what a task uses and says when a limit is passed. Sampling sees a burst late; the hard limits beside it
 * (file size, open files) are set on the process itself.
 */
export async function watchTask(
  watched: { pid: number; directory: string; limits: TaskLimits; clock: Clock; onLimit: (cause: StopCause) => void },
  signal: AbortSignal,
): Promise<void> {
  const { pid, directory, limits, clock, onLimit } = watched;
  for (let sample = 1; !signal.aborted; sample++) {
    const usage = await readTreeUsage(pid);
    if (usage.processCount > limits.processCount) return onLimit('too_many_processes');
    const isSuspect = usage.residentBytes > limits.memoryBytes;
    if (isSuspect && (await readSharedOutBytes(pid)) > limits.memoryBytes) return onLimit('out_of_memory');
    if (sample % DISK_EVERY_SAMPLES === 0 && (await readDiskBytes(directory)) > limits.diskBytes)
      return onLimit('disk_exhausted');
    await clock.sleep(SAMPLE_INTERVAL_MS, signal);
  }
}
