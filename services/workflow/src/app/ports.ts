import type { Clock, IdSource, Instant, Logger, Micros, Rng, TenantPath } from '@suanli/kernel';
import type { Definition } from '../domain/definition/definition.ts';
import type { FoundExpression, Problem } from '../domain/definition/problems.ts';
import type { Answer, Question } from '../domain/engine/question.ts';
import type { StepHead } from '../domain/intervention/dependents.ts';
import type { Json } from '../domain/json.ts';
import type { HumanTask, HumanTaskStatus } from '../domain/run/human-task.ts';
import type { Run, RunStatus } from '../domain/run/run.ts';
import type { Step } from '../domain/run/step.ts';
import type { WorkflowError } from '../domain/run/workflow-error.ts';

/** Answers what the engine asks. Never throws for what a user wrote. */
export interface Evaluator {
  answer(question: Question): Promise<Answer>;
  /** What the jq compiler says of expressions. */
  check(expressions: readonly FoundExpression[]): Promise<Problem[]>;
}

/** Tenant checks stand in the queries: whoever asks for another tenant's row finds none. */
export type Owner = Pick<TenantPath, 'accountId' | 'workspaceId'>;

/** Newest first; `before` is the id of the last one seen. */
export type Page = { limit: number; before?: string };

export interface DefinitionStore {
  /** False when the tenant has this name and version already. */
  insert(definition: Definition): Promise<boolean>;
  get(owner: Owner, id: string): Promise<Definition | undefined>;
  findVersion(
    owner: Owner,
    version: Pick<Definition, 'namespace' | 'name' | 'version'>,
  ): Promise<Definition | undefined>;
  list(owner: Owner, page: Page): Promise<Definition[]>;
  /** For work that belongs to a run already. */
  load(id: string): Promise<Definition | undefined>;
}

export type RunPatch = Partial<Omit<Run, 'id' | 'tenant' | 'input' | 'error' | 'output' | 'finishedAt'>> & {
  error?: WorkflowError | null;
  output?: Json | null;
  finishedAt?: Instant | null;
};

export interface RunStore {
  insert(run: Run): Promise<void>;
  get(owner: Owner, id: string): Promise<Run | undefined>;
  list(owner: Owner, page: Page & { statuses: readonly RunStatus[] }): Promise<Run[]>;
  load(id: string): Promise<Run | undefined>;
  /** The row stays locked until the transaction ends: whatever changes a run begins with it. */
  lock(id: string): Promise<Run | undefined>;
  update(id: string, patch: RunPatch): Promise<void>;
  addContext(runId: string, version: number, value: Json): Promise<void>;
  /** Version 0 is null. */
  context(runId: string, version: number): Promise<Json>;
  copyContexts(fromRunId: string, toRunId: string): Promise<void>;
}

/** Null clears. Times that count from now are set by the store's own clock, the same for all replicas. */
export type StepPatch = Partial<
  Pick<
    Step,
    | 'status'
    | 'taskInput'
    | 'arguments'
    | 'state'
    | 'round'
    | 'isJobEnded'
    | 'humanTaskId'
    | 'jobId'
    | 'attempt'
    | 'crashCount'
    | 'finishedAt'
  >
> & {
  output?: Json;
  error?: WorkflowError | null;
  resume?: Step['resume'] | null;
  dueInMs?: number | null;
  /** Adds one to the fence: whoever holds the step loses it. */
  isFenced?: boolean;
  addDispatch?: boolean;
};

export type NewStep = Omit<Step, 'revision' | 'fence' | 'dispatchSeq' | 'dueAt'> & { dueInMs?: number };

export interface StepStore {
  /** Gives each the next revision of its path and iteration. */
  insert(steps: readonly NewStep[]): Promise<Step[]>;
  update(id: string, patch: StepPatch): Promise<void>;
  get(runId: string, id: string): Promise<Step | undefined>;
  find(id: string): Promise<Step | undefined>;
  load(ids: readonly string[]): Promise<Step[]>;
  /** The frames around a step and the step itself, outermost first. */
  chain(id: string): Promise<Step[]>;
  /** Outputs of ended branches of these forks, by fork and path. */
  branchOutputs(forks: readonly Step[]): Promise<Map<string, Map<string, Json>>>;
  /** In order of creation; `isLiveOnly` leaves out those that have ended. Superseded ones never. */
  heads(runId: string, isLiveOnly: boolean): Promise<StepHead[]>;
  list(runId: string, page: { afterOrdinal: number; limit: number; withSuperseded: boolean }): Promise<Step[]>;
  /** Takes a ready step: running, next fence, a lease. Undefined when it is not ready (any more). */
  claim(id: string, leaseMs: number): Promise<Step | undefined>;
  /** Whether this claim still stands; if so it stands until the transaction ends. */
  isHeld(id: string, fence: number): Promise<boolean>;
  /** Prolongs the lease; false when another has the step. */
  heartbeat(id: string, fence: number, leaseMs: number): Promise<boolean>;
  /** Steps whose time has come, the longest waiting first. */
  due(limit: number): Promise<{ id: string; runId: string; status: Step['status'] }[]>;
  /** Counts another dispatch of steps that are ready and due; gives those that were. */
  redispatch(
    ids: readonly string[],
    backoff: { firstMs: number; maxMs: number },
  ): Promise<{ stepId: string; dispatchSeq: number }[]>;
  /** Whether the time of this step has come, by the store's clock. */
  isDue(id: string): Promise<boolean>;
  /** What is in force under the first frame belongs to the second from now on. */
  reparent(fromId: string, toId: string): Promise<void>;
}

export interface HumanTaskStore {
  insert(task: HumanTask): Promise<void>;
  get(owner: Owner, id: string): Promise<HumanTask | undefined>;
  lock(id: string): Promise<HumanTask | undefined>;
  update(
    id: string,
    patch: Partial<Pick<HumanTask, 'status' | 'action' | 'comment' | 'decidedBy' | 'decidedAt'>>,
  ): Promise<void>;
  /** Closes the open ones of these steps; gives them as they are then. */
  close(stepIds: readonly string[], status: 'withdrawn' | 'expired'): Promise<HumanTask[]>;
  list(owner: Owner, page: Page & { status: HumanTaskStatus; runId?: string }): Promise<HumanTask[]>;
}

export type JournalEntry = { sequence: bigint; type: string; stepId?: string; data: Json; occurredAt: Instant };

export interface JournalStore {
  append(runId: string, entries: readonly JournalEntry[]): Promise<void>;
  read(runId: string, afterSequence: bigint, limit: number): Promise<JournalEntry[]>;
}

/** What others may hear of. */
export type Fact =
  | { kind: 'run_changed'; run: Run }
  | { kind: 'step_changed'; run: Run; step: Pick<Step, 'id' | 'path' | 'status' | 'revision'> }
  | { kind: 'task_changed'; task: HumanTask; sequence: bigint };

export interface FactLog {
  append(facts: readonly Fact[], at: Instant): Promise<void>;
}

export type Remembered<A> = { kind: 'done' | 'replayed'; answer: A } | { kind: 'conflict' };

export interface RequestLog {
  /** Runs `effect` once per request id of this tenant and command; a repetition gets the first answer. */
  once<A extends Json>(
    key: { scope: string; requestId: string; body: Json },
    effect: () => Promise<A>,
  ): Promise<Remembered<A>>;
}

export type Charge = {
  usageId: string;
  billLineId: string;
  meter: string;
  stepId: string;
  runId: string;
  amountMicros: Micros;
};

export interface ChargeStore {
  /** False when it was recorded before. */
  insert(charge: Charge): Promise<boolean>;
  addCost(runId: string, stepId: string, amountMicros: Micros): Promise<void>;
}

/** Jobs whose step no longer wants them: stopped by a loop, however often it takes. */
export interface JobStopStore {
  add(stepIds: readonly string[]): Promise<void>;
  due(limit: number): Promise<string[]>;
  later(stepId: string, delayMs: number): Promise<void>;
  done(stepId: string): Promise<void>;
}

/** Everything that takes part in one transaction. */
export type Stores = {
  definitions: DefinitionStore;
  runs: RunStore;
  steps: StepStore;
  humanTasks: HumanTaskStore;
  journal: JournalStore;
  facts: FactLog;
  requests: RequestLog;
  charges: ChargeStore;
  jobStops: JobStopStore;
};

/** Runs `work` in one transaction; it may be run again after contention, so it does nothing but store. */
export type Transact = <T>(work: (stores: Stores) => Promise<T>) => Promise<T>;

/** What an effect came to. */
export type EffectOutcome =
  | { kind: 'done'; output: Json }
  | { kind: 'failed'; error: WorkflowError }
  /** Started elsewhere; its end will be heard of, and is asked for again after `askAgainMs`. */
  | { kind: 'started'; jobId: string; askAgainMs: number }
  /** Nobody could do it now. The same key may be used again. */
  | { kind: 'unavailable'; reason: string };

/** Does what a call asks for. The same key is the same effect: done once by whoever is called, however often asked. */
export interface Effects {
  perform(effect: { step: Step; tenant: TenantPath; key: string }, signal: AbortSignal): Promise<EffectOutcome>;
  /** What has become of the job that `perform` started. */
  collect(effect: { step: Step; tenant: TenantPath; key: string }, signal: AbortSignal): Promise<EffectOutcome>;
  /** Stops the job of a step, also when it was started but never recorded. Throws while it cannot be done. */
  stopJob(effect: { step: Step; tenant: TenantPath; key: string }): Promise<void>;
}

/** Wakes a worker for a ready step. May be lost: the reconciler asks again. Never throws. */
export interface Dispatcher {
  wake(steps: readonly { stepId: string; dispatchSeq: number }[]): Promise<void>;
}

/** What every use case is given. */
export type Deps = {
  transact: Transact;
  evaluator: Evaluator;
  dispatcher: Dispatcher;
  effects: Effects;
  /** `sha256:…` of a canonical document. */
  digest: (document: Json) => string;
  clock: Clock;
  ids: IdSource;
  rng: Rng;
  logger: Logger;
  /** Called after each commit: others can be told sooner. */
  committed: () => void;
  leaseMs: number;
};
