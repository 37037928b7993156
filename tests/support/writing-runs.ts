import { eventually } from '@suanli/test-kit';
import type { Api } from '@suanli/tools/smoke/rest/api';
import type { BillLine } from '@suanli/tools/smoke/rest/views';
import type { Run, Step } from '@suanli/tools/smoke/rest/workflow-views';
import { expect } from 'vitest';

const SETTLED_WITHIN_MS = 120_000;
const OVER = new Set(['completed', 'faulted', 'cancelled']);
const call = (prompt: string) => ({ call: 'llm.chat', with: { prompt, max_output_tokens: 60 } });
const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'tests', name: 'write', version: '1.0.0' },
  do: [
    { first: call('Barges carry coal. Barges carry grain. Say what barges carry.') },
    { rest: { wait: { milliseconds: 500 } } },
    { second: call('Canals join rivers. Canals join cities. Say what canals join.') },
  ],
};

/** Starts a run that asks a model twice, with a pause in which the platform may be killed. */
export async function startWriting(api: Api): Promise<string> {
  const workflow = await api.post<{ id: string }>('/v1/workflows', WORKFLOW);
  return (await api.post<Run>('/v1/runs', { workflow_id: workflow.id })).id;
}

/** Every run has come to its end and asked twice; the tokens that are billed are those of its steps, to the last. */
export async function expectWrittenOnce(api: Api, runs: readonly string[]): Promise<bigint> {
  let cost = 0n;
  for (const id of runs) {
    const run = await eventually(
      async () => {
        const now = await api.get<Run>(`/v1/runs/${id}`);
        return OVER.has(now.status) ? now : false;
      },
      { timeoutMs: SETTLED_WITHIN_MS },
    );
    expect([id, run.status, run.reason]).toEqual([id, 'completed', undefined]);
    const { data: steps } = await api.get<{ data: Step[] }>(`/v1/runs/${id}/steps?include_superseded=true`);
    expect(steps.map((step) => [step.name, step.status])).toEqual([
      ['first', 'completed'],
      ['rest', 'completed'],
      ['second', 'completed'],
    ]);
  }
  await eventually(
    async () => {
      cost = 0n;
      for (const id of runs) cost += BigInt((await api.get<Run>(`/v1/runs/${id}`)).cost_micros);
      expect(cost).toBeGreaterThan(0n);
      expect(cost).toBe(await tokensCharged(api));
    },
    { timeoutMs: SETTLED_WITHIN_MS },
  );
  return cost;
}

async function tokensCharged(api: Api): Promise<bigint> {
  const lines = await api.list<BillLine>('/v1/bill-lines');
  return lines
    .filter((line) => line.meter.startsWith('tokens_'))
    .reduce((sum, line) => sum + BigInt(line.amount_micros), 0n);
}
