import type { Charge, Fact, JournalEntry } from '../app/ports.ts';
import type { Definition } from '../domain/definition/definition.ts';
import type { Json } from '../domain/json.ts';
import type { HumanTask } from '../domain/run/human-task.ts';
import type { Run } from '../domain/run/run.ts';
import type { Step } from '../domain/run/step.ts';

/** What the service's database holds, in memory. */
export type MemoryState = {
  definitions: Map<string, Definition>;
  runs: Map<string, Run>;
  contexts: Map<string, Json>;
  steps: Map<string, Step>;
  humanTasks: Map<string, HumanTask>;
  journal: Map<string, JournalEntry[]>;
  facts: Fact[];
  requests: Map<string, { body: string; answer: Json }>;
  charges: Map<string, Charge>;
  /** By step: when it is due. */
  jobStops: Map<string, number>;
};

export function emptyState(): MemoryState {
  return {
    definitions: new Map(),
    runs: new Map(),
    contexts: new Map(),
    steps: new Map(),
    humanTasks: new Map(),
    journal: new Map(),
    facts: [],
    requests: new Map(),
    charges: new Map(),
    jobStops: new Map(),
  };
}
