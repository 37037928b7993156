import { sql } from 'drizzle-orm';
import type { Live, Task } from '../../domain/workload/attempt.ts';
import type { Sql } from './rows.ts';

/** Writes the tasks that have changed, in one statement: every running task does at every sync. */
export async function writeTasks(db: Sql, before: Live, after: Live): Promise<void> {
  const changed = after.tasks.filter((task, at) => hasChanged(before.tasks[at], task));
  if (changed.length === 0) return;
  await db.execute(sql`
    update tasks set
      phase = new.phase, started_at = new.started_at, finished_at = new.finished_at, run_ms = new.run_ms,
      charged_ms = new.charged_ms, exit_code = new.exit_code, signal = new.signal, end_cause = new.end_cause,
      message = new.message, published = new.published
    from jsonb_to_recordset(${JSON.stringify(changed.map(toRecord))}::jsonb) as new(
      index int, phase text, started_at timestamptz, finished_at timestamptz, run_ms bigint, charged_ms bigint,
      exit_code int, signal text, end_cause text, message text, published jsonb)
    where tasks.workload_id = ${after.workload.id} and tasks.epoch = ${after.attempt.epoch} and tasks.index = new.index`);
}

function hasChanged(before: Task | undefined, after: Task): boolean {
  return (
    before === undefined ||
    before.phase !== after.phase ||
    before.runMs !== after.runMs ||
    before.chargedMs !== after.chargedMs ||
    before.startedAt !== after.startedAt
  );
}

function toRecord(task: Task) {
  return {
    index: task.index,
    phase: task.phase,
    started_at: task.startedAt === undefined ? null : new Date(task.startedAt),
    finished_at: task.finishedAt === undefined ? null : new Date(task.finishedAt),
    run_ms: task.runMs,
    charged_ms: task.chargedMs,
    exit_code: task.exitCode ?? null,
    signal: withoutNul(task.signal),
    end_cause: withoutNul(task.endCause),
    message: withoutNul(task.message),
    published: task.published,
  };
}

/** PostgreSQL's text cannot hold it. */
function withoutNul(text: string | undefined): string | null {
  return text?.replaceAll('\0', '') ?? null;
}
