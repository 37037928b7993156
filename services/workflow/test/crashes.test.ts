import fc from 'fast-check';
import { type Rng, seededRng } from '@suanli/kernel';
import { afterAll, expect, it } from 'vitest';
import type { Transact } from '../src/app/ports.ts';
import type { JsonObject } from '../src/domain/json.ts';
import { runStep } from '../src/app/steps/run-step.ts';
import { isEnded } from '../src/domain/run/run.ts';
import { isLive } from '../src/domain/run/step.ts';
import { arbitraryTasks } from '../src/testing/arbitrary-definition.ts';
import { aDefinition } from '../src/testing/builders.ts';
import { testEvaluator } from '../src/testing/evaluator.ts';
import { CTX, type MemoryWorkflow, memoryWorkflow } from '../src/testing/memory-workflow.ts';

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);
const TIMEOUT_MS = 120_000;
/** Fewer than a step may have before it is given up. */
const MAX_CRASHES = 4;

/** What a model says depends on the place alone, so that a run is the same whatever happened to it. */
function aWorkflow(): MemoryWorkflow {
  const workflow = memoryWorkflow(evaluator);
  workflow.answer = (step) => ({ kind: 'done', output: { content: `${step.path}@${step.iteration}` } });
  return workflow;
}

async function faultFree(tasks: JsonObject[]) {
  const workflow = aWorkflow();
  const runId = await workflow.begin(aDefinition(tasks));
  await workflow.settle(runId);
  return resultOf(workflow, runId);
}

function resultOf(workflow: MemoryWorkflow, runId: string) {
  const { status, output, error } = workflow.run(runId);
  const keys = [...workflow.effects.keys()].map((key) => key.replace(runId, '')).sort();
  return { status, output, error, keys };
}

/** A worker that dies before or after any of its transactions; half of the wake-ups are lost on the way. */
async function tormented(tasks: JsonObject[], rng: Rng) {
  const workflow = aWorkflow();
  const runId = await workflow.begin(aDefinition(tasks));
  let crashes = 0;
  const dying: Transact = async (work) => {
    const fate = crashes < MAX_CRASHES ? rng.next() : 1;
    if (fate < 0.1) throw crash();
    const answer = await workflow.deps.transact(work);
    if (fate < 0.2) throw crash();
    return answer;
  };
  const crash = () => {
    crashes += 1;
    return new Error('killed');
  };
  const worker = { ...workflow.deps, transact: dying, dispatcher: { wake: async () => undefined } };
  for (let turn = 0; turn < 5_000; turn++) {
    if (isEnded(workflow.run(runId).status)) return { workflow, runId, crashes };
    const ready = workflow.steps(runId).filter((step) => step.status === 'ready');
    const chosen = ready[Math.floor(rng.next() * ready.length)];
    if (chosen && rng.next() < 0.8) await runStep(worker, chosen.id, CTX.signal).catch(() => undefined);
    else await workflow.passTime();
  }
  throw new Error(`the run never ended: ${JSON.stringify(workflow.steps(runId).map((s) => [s.name, s.status]))}`);
}

it('a run ends as it would have without crashes, lost wake-ups and in any order of its steps', {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTasks(), fc.nat(), async (tasks, seed) => {
      const { workflow, runId } = await tormented(tasks, seededRng(seed));
      expect(workflow.steps(runId).filter((step) => isLive(step.status))).toEqual([]);
      // Branches race: whichever faults or ends the run first decides. Without them there is one way to go.
      if (JSON.stringify(tasks).includes('fork')) return;
      expect(resultOf(workflow, runId)).toEqual(await faultFree(tasks));
    }),
    { numRuns: RUNS },
  );
});

it('the same run twice is the same to the last journal entry', { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTasks(), async (tasks) => {
      const definition = aDefinition(tasks);
      const [one, two] = [aWorkflow(), aWorkflow()];
      for (const workflow of [one, two]) await workflow.settle(await workflow.begin(definition));
      expect(one.state()).toEqual(two.state());
    }),
    { numRuns: RUNS / 2 },
  );
});

it('a step that kills every worker faults in the end', async () => {
  const workflow = aWorkflow();
  const runId = await workflow.begin(aDefinition([{ c: { call: 'llm.chat', with: { prompt: 'x' } } }]));
  const deadly = {
    ...workflow.deps,
    effects: { ...workflow.deps.effects, perform: () => new Promise<never>(() => undefined) },
  };
  for (let i = 0; i < 20 && !isEnded(workflow.run(runId).status); i++) {
    const [step] = workflow.steps(runId);
    // The worker is never heard of again: nobody waits for it.
    if (step?.status === 'ready')
      void runStep(step.resume?.kind === 'perform' ? deadly : workflow.deps, step.id, CTX.signal);
    await workflow.passTime();
  }
  expect(workflow.run(runId)).toMatchObject({
    status: 'faulted',
    error: { detail: expect.stringContaining('lost 5 times') },
  });
});
