import type { ReviewAction } from '../definition/functions.ts';
import type { Task } from '../definition/program.ts';
import type { Json } from '../json.ts';
import type { FrameState, Resume, StepStatus } from '../run/step.ts';
import type { WorkflowError } from '../run/workflow-error.ts';

/** A step of the store by its id, or one that this transition makes by `new:<n>`. */
export type StepRef = string;

/** What one decision changes, to be committed as a whole or not at all. */
export type Transition = {
  added: readonly StepDraft[];
  changed: ReadonlyMap<StepRef, StepPatch>;
  /** Frames that ended while something under them may still be alive. */
  endedFrames: readonly StepRef[];
  opened: readonly HumanTaskDraft[];
  /** New versions of the context; the last one is current. */
  contexts: readonly { version: number; value: Json }[];
  end?: RunEnd;
};

export type RunEnd =
  | { status: 'completed'; output: Json; error?: never }
  | { status: 'faulted'; error: WorkflowError; output?: never };

export type StepDraft = StepPatch & {
  ref: StepRef;
  parentRef?: StepRef;
  task: Task;
  iteration: string;
  input: Json;
  status: StepStatus;
  contextVersion: number;
};

export type StepPatch = {
  status?: StepStatus;
  taskInput?: Json;
  arguments?: Json;
  output?: Json;
  error?: WorkflowError;
  state?: FrameState;
  round?: number;
  /** Null: nothing is pending any more. */
  resume?: Resume | null;
  /** From now; null: no time is set. */
  dueInMs?: number | null;
};

export type HumanTaskDraft = {
  stepRef: StepRef;
  title: string;
  subject: Json;
  actions: readonly ReviewAction[];
  schema?: Json;
  expiresInMs?: number;
};
