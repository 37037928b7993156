import type { Clock, Instant } from '@suanli/kernel';
import type { Json } from '../domain/json.ts';
import type { HumanTask } from '../domain/run/human-task.ts';
import type { Run } from '../domain/run/run.ts';
import type { Step } from '../domain/run/step.ts';
import type { Fact, JournalEntry, Stores } from './ports.ts';

type StepFacts = Pick<Step, 'id' | 'path' | 'status' | 'revision'>;

/**
 * Collects what a transaction does to a run, for its journal and for the outbox, and writes both once. The run must be
 * locked: its sequence goes on from here.
 */
export type Record = {
  /** When the transaction began, for everything that it dates. */
  at: Instant;
  note(type: string, stepId: string | undefined, data?: Json): void;
  step(step: StepFacts, data?: { [key: string]: Json }): void;
  task(
    type: 'human_task_opened' | 'human_task_decided' | 'human_task_expired' | 'human_task_withdrawn',
    task: HumanTask,
  ): void;
  run(type: string, run: Run, data?: Json): void;
  /** The run's sequence after it. */
  write(): Promise<bigint>;
};

const TYPES: { [Status in Step['status']]: string } = {
  ready: 'step_scheduled',
  running: 'step_started',
  waiting: 'step_waiting',
  review: 'step_in_review',
  completed: 'step_completed',
  skipped: 'step_skipped',
  faulted: 'step_faulted',
  cancelled: 'step_cancelled',
  superseded: 'step_invalidated',
};

export function record(stores: Stores, run: Run, clock: Clock): Record {
  const at = clock.now();
  const entries: JournalEntry[] = [];
  const facts: Fact[] = [];
  let sequence = run.sequence;
  const note = (type: string, stepId: string | undefined, data: Json = {}) => {
    sequence += 1n;
    entries.push({ sequence, type, ...(stepId !== undefined && { stepId }), data, occurredAt: at });
  };
  return {
    at,
    note,
    step(step, data = {}) {
      note(TYPES[step.status], step.id, { path: step.path, revision: step.revision, ...data });
      facts.push({ kind: 'step_changed', run: { ...run, sequence }, step });
    },
    task(type, task) {
      const { id, title, action } = task;
      note(type, task.stepId, {
        human_task_id: id,
        title,
        ...(action && { action, decided_by: task.decidedBy ?? '' }),
      });
      facts.push({ kind: 'task_changed', task, sequence });
    },
    run(type, changed, data = {}) {
      note(type, undefined, data);
      facts.push({ kind: 'run_changed', run: { ...changed, sequence } });
    },
    async write() {
      await stores.journal.append(run.id, entries);
      await stores.facts.append(facts, at);
      return sequence;
    },
  };
}
