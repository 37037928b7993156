import { createIdSource, type IdSource, seededRng, systemContext, type TenantPath } from '@suanli/kernel';
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { createDefinition } from '../app/definitions/create-definition.ts';
import { createPrograms } from '../app/definitions/programs.ts';
import type { EffectOutcome, Evaluator, Effects } from '../app/ports.ts';
import { createRun } from '../app/runs/create-run.ts';
import { reconcile } from '../app/steps/reconcile.ts';
import { runStep, type WorkerDeps } from '../app/steps/run-step.ts';
import type { Json } from '../domain/json.ts';
import { isEnded, type ReviewMode, type Run } from '../domain/run/run.ts';
import type { Step } from '../domain/run/step.ts';
import { memoryTransact } from './memory-stores.ts';
import type { MemoryState } from './memory-state.ts';
import { SteppedClock } from './stepped-clock.ts';

export const TENANT: TenantPath = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'usr_1' };
export const CTX = systemContext(TENANT, 'test', new AbortController().signal);

/** The whole service but for its servers: real use cases and engine, a store in memory, time that the test moves. */
export type MemoryWorkflow = {
  deps: WorkerDeps;
  clock: SteppedClock;
  state: () => MemoryState;
  /** Effects by key, in the order in which they were first asked for, with how often. */
  effects: Map<string, number>;
  /** What an effect comes to; `undefined` is the default answer. */
  answer: (step: Step) => EffectOutcome | undefined;
  /** Compiles a document (YAML or object) and starts a run. */
  begin(source: string | object, input?: Json, review?: ReviewMode): Promise<string>;
  /** The same, where the definition may be refused: with the pointers of its problems. */
  tryBegin(source: string | object, input?: Json, review?: ReviewMode): Promise<Begun>;
  /** Works until nothing is left to do now; passes time while only time is waited for. */
  settle(runId: string): Promise<Run>;
  /** Moves time to when something is due, and has the reconciler look. */
  passTime(): Promise<void>;
  /** One look of the reconciler. */
  reconcile(): Promise<void>;
  run(runId: string): Run;
  steps(runId: string): Step[];
};

export type Begun = { kind: 'started'; runId: string } | { kind: 'refused'; reason: string; pointers: string[] };

const LEASE_MS = 10_000;
const LOGGER = { debug() {}, info() {}, warn() {}, error() {}, child: () => LOGGER };
const MAX_TURNS = 5_000;
const MAX_WAITS = 200;

export function memoryWorkflow(evaluator: Evaluator): MemoryWorkflow {
  const clock = new SteppedClock();
  const { transact, state } = memoryTransact(clock);
  const awake: string[] = [];
  const ids = countedIds(clock);
  const fake: MemoryWorkflow = {
    clock,
    state,
    effects: new Map(),
    answer: () => undefined,
    deps: {
      transact,
      evaluator,
      dispatcher: { wake: async (steps) => void awake.push(...steps.map(({ stepId }) => stepId)) },
      effects: countingEffects(() => fake),
      digest: (document) => `sha256:${createHash('sha256').update(JSON.stringify(document)).digest('hex')}`,
      programs: createPrograms(),
      clock,
      ids,
      rng: seededRng(1),
      logger: LOGGER,
      committed: () => undefined,
      leaseMs: LEASE_MS,
    },
    async begin(source, input, review) {
      const begun = await fake.tryBegin(source, input, review);
      if (begun.kind === 'refused') throw new Error(`${begun.reason} ${begun.pointers.join(' ')}`);
      return begun.runId;
    },
    async tryBegin(source, input = {}, review = 'as_defined') {
      const document: unknown = typeof source === 'string' ? parse(source) : source;
      const created = await createDefinition(fake.deps, CTX, { kind: 'document', document, bytes: 0 });
      if (created.kind === 'refused') {
        const pointers =
          created.reason === 'invalid_definition' ? created.problems.map((problem) => problem.pointer) : [];
        return { kind: 'refused', reason: created.reason, pointers };
      }
      const started = await createRun(fake.deps, CTX, { definitionId: created.answer.id, input, review });
      if (started.kind === 'refused') return { kind: 'refused', reason: started.reason, pointers: [] };
      return { kind: 'started', runId: started.answer.runId };
    },
    async settle(runId) {
      for (let waits = 0; waits < MAX_WAITS; waits++) {
        await drain(fake.deps, awake);
        const run = fake.run(runId);
        const next = nextTime(state());
        if (next === undefined || (isEnded(run.status) && awake.length === 0)) return run;
        clock.moveTo(next);
        await reconcile(fake.deps, CTX.signal);
      }
      throw new Error('the run waits again and again');
    },
    async passTime() {
      clock.moveTo(nextTime(state()) ?? clock.now());
      await reconcile(fake.deps, CTX.signal);
    },
    async reconcile() {
      await reconcile(fake.deps, CTX.signal);
    },
    run(runId) {
      const run = state().runs.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      return run;
    },
    steps: (runId) =>
      [...state().steps.values()].filter((step) => step.runId === runId).sort((a, b) => a.ordinal - b.ordinal),
  };
  return fake;
}

/** Ids in the order in which they were asked for: lists sorted by id are then in order of creation. */
function countedIds(clock: SteppedClock): IdSource {
  let made = 0;
  return createIdSource(clock.now, (size) => {
    made += 1;
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, made);
    return bytes;
  });
}

async function drain(deps: WorkerDeps, awake: string[]): Promise<void> {
  for (let turns = 0; awake.length > 0; turns++) {
    if (turns > MAX_TURNS) throw new Error('the run never comes to rest');
    const stepId = awake.shift();
    if (stepId !== undefined) await runStep(deps, stepId, CTX.signal);
  }
}

function nextTime({ steps }: MemoryState): number | undefined {
  const times = [...steps.values()].flatMap((step) => step.dueAt ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A platform that does each effect once by its key, as the real one does. */
function countingEffects(workflow: () => MemoryWorkflow): Effects {
  const answers = new Map<string, EffectOutcome>();
  return {
    async perform({ step, key }) {
      const { effects, answer } = workflow();
      effects.set(key, (effects.get(key) ?? 0) + 1);
      const outcome = answers.get(key) ??
        answer(step) ?? { kind: 'done', output: { content: `${step.name} of ${key}` } };
      if (outcome.kind === 'done') answers.set(key, outcome);
      return outcome;
    },
    collect: async ({ step }) => ({ kind: 'done', output: { job_id: step.jobId ?? '', exit_code: 0 } }),
    stopJob: async () => undefined,
  };
}
