import { expectProblem } from '@suanli/tools/smoke/steps/refusals';
import { expect, it } from 'vitest';
import { openTenant } from '../support/tenants.ts';

const JOB = { name: 'hello', command: ['true'], milli_gpus: 1_000, max_run_seconds: 600 };

it('a job that the wallet cannot pay for is refused with what is missing, and nothing is written', async () => {
  const { api } = await openTenant('poor', 1_000n);
  const answer = await api.send('POST', '/v1/jobs', { body: JOB });
  const problem = await expectProblem(answer, 402, 'insufficient_funds');
  expect(BigInt(String(problem['shortfall_micros']))).toBeGreaterThan(0n);
  expect(problem['currency']).toBe('CNY');
  expect(await api.list('/v1/jobs')).toEqual([]);
  expect(await api.list('/v1/holds')).toEqual([]);
});

it('a job that no cluster could ever run is refused with the reason of each', async () => {
  const { api } = await openTenant('greedy', 100_000_000n);
  const answer = await api.send('POST', '/v1/jobs', { body: { ...JOB, milli_gpus: 64_000 } });
  const { details } = await expectProblem(answer, 422, 'job_impossible');
  expect(Object.keys(details as object).sort()).toEqual(['cn-hefei', 'cn-shanghai']);
  expect(await api.list('/v1/jobs')).toEqual([]);
});

it('a model call without money is refused in the words of that API', async () => {
  const { api } = await openTenant('silent', 0n, 0);
  const { data } = await api.get<{ data: { id: string }[] }>('/v1/models');
  const body = { model: data[0]?.id, messages: [{ role: 'user', content: 'Hello.' }] };
  const answer = await api.send('POST', '/v1/chat/completions', { body });
  expect(answer.status).toBe(429);
  expect(answer.headers.get('x-should-retry')).toBe('false');
  expect(await answer.json()).toMatchObject({ error: { code: 'insufficient_quota' } });
});
