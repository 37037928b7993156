import type { Instant, Micros } from '@suanli/kernel';
import type { FunctionName, TaskKind } from '../definition/program.ts';
import type { Json } from '../json.ts';
import type { WorkflowError } from './workflow-error.ts';

export const LIVE_STATUSES = ['ready', 'running', 'waiting', 'review'] as const;
export type StepStatus =
  | (typeof LIVE_STATUSES)[number]
  | 'completed'
  | 'skipped'
  | 'faulted'
  | 'cancelled'
  | 'superseded';

export function isLive(status: StepStatus): boolean {
  return LIVE_STATUSES.some((live) => live === status);
}

/** How a step goes on when it is claimed. A waiting step already holds what happens when its time has come. */
export type Resume =
  /** Evaluate the task from its start. */
  | { kind: 'enter' }
  /** Do the effect with the stored arguments. */
  | { kind: 'perform' }
  /** Ask how the job fares that the effect started. */
  | { kind: 'collect' }
  /** The wait is over: of a `wait`, or before a retry. */
  | { kind: 'elapsed' }
  /** The task has produced this. */
  | { kind: 'result'; output: Json }
  /** The stored output stands: approved or edited. */
  | { kind: 'settle' }
  /** The stored output stands in for a task that is not done. */
  | { kind: 'skip' }
  | { kind: 'fault'; error: WorkflowError };

export type FrameState =
  | { kind: 'for'; items: Json[] }
  | { kind: 'try'; phase: 'try' | 'catch'; attempt: number; firstFailedAt?: Instant; error?: WorkflowError };

/** One pass of one task in one run. Rows are never deleted: what is replaced becomes `superseded`. */
export type Step = {
  id: string;
  runId: string;
  /** The frame that holds it; absent at the top. */
  parentId?: string;
  path: string;
  name: string;
  kind: TaskKind;
  function?: FunctionName;
  iteration: string;
  /** 1 for the first; path, iteration and revision are unique in a run. */
  revision: number;
  /** Order of creation in the run. */
  ordinal: number;
  status: StepStatus;
  isFrame: boolean;
  /** What the step before it gave. */
  input: Json;
  /** After `input.from`; absent when that is the same. */
  taskInput?: Json;
  /** Evaluated arguments of a call: what the effect is done with, also when it is done again. */
  arguments?: Json;
  /** After `output.as`: what the next step reads. */
  output?: Json;
  error?: WorkflowError;
  state?: FrameState;
  /** Round of a `for`. */
  round: number;
  resume?: Resume;
  /** The context that it began with. */
  contextVersion: number;
  /** How often it was claimed. */
  attempt: number;
  /** How often a claim ended without a word. */
  crashCount: number;
  /** Rises with every claim, release and supersession: results of an older claim are dropped. */
  fence: number;
  dispatchSeq: number;
  /** When someone must look at it: dispatch it again, take it from a silent worker, wake it. */
  dueAt?: Instant;
  costMicros: Micros;
  jobId?: string;
  /** Whether the end of its job was heard of, maybe before the step began to wait for it. */
  isJobEnded: boolean;
  humanTaskId?: string;
  /** `run`, or who intervened. */
  madeBy: string;
  comment?: string;
  createdAt: Instant;
  startedAt?: Instant;
  finishedAt?: Instant;
};

/** Others bound the length of request ids; deep paths are longer. */
const MAX_KEY_CHARS = 160;

/**
 * What identifies an effect for ever, whatever is tried again: the same key is the same effect. The place of the step in
 * its run, or where that is too long to send, the id of the step, of which there is one for each place and revision.
 */
export function effectKey(step: Pick<Step, 'id' | 'runId' | 'path' | 'iteration' | 'revision'>): string {
  const place = `${step.path}/${step.iteration === '' ? '-' : step.iteration}/${step.revision}`;
  return place.length + step.runId.length <= MAX_KEY_CHARS ? `${step.runId}${place}` : `${step.runId}/${step.id}`;
}
