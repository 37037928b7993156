import { check } from '../check.ts';
import { type Api, createApi } from '../rest/api.ts';

const UNKNOWN_JOB = 'job_01jzzzzzzzzzzzzzzzzzzzzzzz';

/** Bad input is refused with a stable code, and nothing is written. */
export async function refusals(api: Api): Promise<string> {
  const stranger = createApi({ ...api.target, apiKey: 'sk_nobody' }, 0);
  const job = { name: 'refused', command: ['true'], milli_gpus: 1_000 };
  await expectProblem(await stranger.send('GET', '/v1/wallet'), 401, 'invalid_api_key');
  await expectProblem(await api.send('GET', `/v1/jobs/${UNKNOWN_JOB}`), 404, 'job_not_found');
  await expectProblem(await post(api, { ...job, gpus: 1 }), 400, 'invalid_request');
  await expectProblem(await post(api, { ...job, milli_gpus: 'two' }), 400, 'invalid_request');
  await expectProblem(await post(api, { ...job, milli_gpus: 64_000 }), 422, 'job_impossible');
  const recharge = { channel: 'development', amount_micros: '-1', currency: 'CNY' };
  await expectProblem(await api.send('POST', '/v1/recharges', { body: recharge }), 400, 'invalid_request');
  const headers = { 'content-type': 'application/json' };
  const broken = { body: Buffer.from('{"name":'), headers };
  await expectProblem(await api.send('POST', '/v1/jobs', broken), 400, 'invalid_json');
  return 'a wrong key, an unknown id, unknown fields, wrong types, an impossible job, a negative amount, broken JSON';
}

const post = (api: Api, body: object) => api.send('POST', '/v1/jobs', { body });

export async function expectProblem(answer: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const text = await answer.text();
  check(answer.status === status, `expected ${status} ${code}, got ${answer.status}: ${text}`);
  const problem = JSON.parse(text) as Record<string, unknown>;
  check(problem['code'] === code, `expected ${code}, got ${text}`);
  return problem;
}
