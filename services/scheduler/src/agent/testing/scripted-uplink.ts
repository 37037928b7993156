import type { LogChunk, TaskReport, Uplink } from '../app/ports.ts';
import type { DesiredTask, TaskKey } from '../domain/task.ts';

/** A scheduler that wants what the test sets, remembers what it was told, and can be cut off. */
export type ScriptedUplink = Uplink & {
  desired: DesiredTask[];
  isCut: boolean;
  readonly reports: TaskReport[][];
  /** What the scheduler has of each log. */
  readonly logs: Map<TaskKey, string>;
  /** Answers of the next log calls are lost although the chunks were stored. */
  lostAnswers: number;
};

export function scriptedUplink(terms: { leaseMs: number; marginMs: number }): ScriptedUplink {
  const logs = new Map<TaskKey, string>();
  const store = ({ jobId, epoch, index, offset, data }: LogChunk): number => {
    const key = `${jobId}/${epoch}/${index}`;
    const text = logs.get(key) ?? '';
    const has = Buffer.byteLength(text);
    if (offset <= has)
      logs.set(
        key,
        text +
          Buffer.from(data)
            .subarray(has - offset)
            .toString('utf8'),
      );
    return Buffer.byteLength(logs.get(key) ?? '');
  };
  const uplink: ScriptedUplink = {
    desired: [],
    isCut: false,
    reports: [],
    logs,
    lostAnswers: 0,
    async sync(_sequence, tasks) {
      if (uplink.isCut) throw new Error('cut');
      uplink.reports.push([...tasks]);
      return { tasks: uplink.desired, ...terms, syncIntervalMs: 1_000, logOffsets: new Map() };
    },
    async sendLogs(chunks) {
      if (uplink.isCut) throw new Error('cut');
      const offsets = chunks.map(store);
      if (uplink.lostAnswers-- > 0) throw new Error('the answer was lost');
      return offsets;
    },
    onWake: () => ({ [Symbol.asyncDispose]: async () => undefined }),
  };
  return uplink;
}
