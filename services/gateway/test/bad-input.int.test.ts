import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let acme: Tenant;
let calls = 0;
beforeAll(async () => {
  const count = async () => {
    calls += 1;
    return {};
  };
  lab = await gatewayLab({
    answers: {
      wallet: { getWallet: count },
      recharges: { createRecharge: count },
      jobs: { createJob: count, quoteJob: count, listJobs: count, streamLogs: count as never },
      definitions: { createDefinition: count },
      runs: { createRun: count, interveneStep: count },
      humanTasks: { decideHumanTask: count },
      repositories: { createRepository: count, grantUpload: count, createCommit: count },
      corpora: { createCorpus: count, putDocument: count, searchCorpus: count },
      routes: { putRoute: count },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

type Send = [method: string, path: string, body?: unknown, contentType?: string];
type Story = [story: string, send: Send, status: number, code: string, pointer?: string];

const job = { name: 'x', command: ['x'] };
const deep = JSON.parse('{"a":'.repeat(3_000) + '1' + '}'.repeat(3_000)) as unknown;

const stories: Story[] = [
  ['an unknown field', ['POST', '/v1/jobs', { ...job, gpu: 1 }], 400, 'invalid_request', '/gpu'],
  [
    'an unknown field deep inside',
    ['POST', '/v1/quotes', { spec: { ...job, a: 1 } }],
    400,
    'invalid_request',
    '/spec/a',
  ],
  [
    'a field of the wrong type',
    ['POST', '/v1/jobs', { ...job, task_count: '2' }],
    400,
    'invalid_request',
    '/task_count',
  ],
  ['a missing field', ['POST', '/v1/jobs', { name: 'x' }], 400, 'invalid_request', '/command'],
  ['an unknown query field', ['GET', '/v1/jobs?page=2'], 400, 'invalid_request', '/page'],
  ['a limit that is too large', ['GET', '/v1/jobs?limit=1000'], 400, 'invalid_request', '/limit'],
  ['a limit that is no number', ['GET', '/v1/jobs?limit=ten'], 400, 'invalid_request', '/limit'],
  ['an unknown phase', ['GET', '/v1/jobs?phase=sleeping'], 400, 'invalid_request'],
  ['a cursor of nobody', ['GET', '/v1/members?cursor=abc'], 400, 'invalid_cursor'],
  ['no task', ['POST', '/v1/jobs', { ...job, task_count: 0 }], 400, 'invalid_request', '/task_count'],
  [
    'a number beyond 32 bits',
    ['POST', '/v1/jobs', { ...job, milli_gpus: 2 ** 40 }],
    400,
    'invalid_request',
    '/milli_gpus',
  ],
  ['a fraction', ['POST', '/v1/jobs', { ...job, milli_gpus: 0.5 }], 400, 'invalid_request', '/milli_gpus'],
  ['a variable that is none', ['POST', '/v1/jobs', { ...job, env: { 'A=B': 'c' } }], 400, 'invalid_request'],
  [
    'a negative amount',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: '-1' }],
    400,
    'invalid_request',
    '/amount_micros',
  ],
  [
    'an amount of nothing',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: '0' }],
    400,
    'invalid_request',
    '/amount_micros',
  ],
  [
    'an overflowing amount',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: '9223372036854775808' }],
    400,
    'invalid_request',
    '/amount_micros',
  ],
  [
    'an amount as a number',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: 100 }],
    400,
    'invalid_request',
    '/amount_micros',
  ],
  [
    'an amount with a point',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: '1.5' }],
    400,
    'invalid_request',
    '/amount_micros',
  ],
  [
    'another currency',
    ['POST', '/v1/recharges', { channel: 'd', amount_micros: '1', currency: 'USD' }],
    400,
    'invalid_request',
    '/currency',
  ],
  ['bad JSON', ['POST', '/v1/jobs', '{"name":', 'application/json'], 400, 'invalid_json'],
  ['an empty body', ['POST', '/v1/jobs', '', 'application/json'], 400, 'invalid_json'],
  ['no body', ['POST', '/v1/jobs'], 400, 'invalid_request'],
  ['a body that is a list', ['POST', '/v1/jobs', [job]], 400, 'invalid_request'],
  ['a prototype in the body', ['POST', '/v1/jobs', '{"__proto__":{"x":1}}', 'application/json'], 400, 'invalid_json'],
  [
    'another content type',
    ['POST', '/v1/jobs', 'name=x', 'application/x-www-form-urlencoded'],
    415,
    'unsupported_media_type',
  ],
  ['text where JSON belongs', ['POST', '/v1/jobs', 'x', 'text/plain'], 415, 'unsupported_media_type'],
  ['a huge body', ['POST', '/v1/jobs', { ...job, command: ['x'.repeat(1_100_000)] }], 413, 'payload_too_large'],
  [
    'a huge definition',
    ['POST', '/v1/workflows', 'a: '.padEnd(300_000, 'x'), 'application/yaml'],
    413,
    'payload_too_large',
  ],
  [
    'a huge document',
    ['PUT', '/v1/corpora/c/documents/d', 'x'.repeat(1_048_577), 'text/plain'],
    413,
    'payload_too_large',
  ],
  ['a document that is no text', ['PUT', '/v1/corpora/c/documents/d', { a: 1 }], 400, 'invalid_request'],
  ['a nest without end', ['POST', '/v1/jobs', deep], 400, 'invalid_request'],
  ['an unknown route', ['GET', '/v1/nothing'], 404, 'route_not_found'],
  ['an unknown method', ['DELETE', '/v1/wallet'], 405, 'method_not_allowed'],
  ['an id with a space', ['GET', '/v1/jobs/a%20b'], 400, 'invalid_request', '/id'],
  ['a broken escape', ['GET', '/v1/jobs/%E0%A4%A'], 400, 'invalid_request'],
  ['an unknown role', ['POST', '/v1/members', { name: 'x', role: 'king' }], 400, 'invalid_request', '/role'],
  [
    'an e-mail address that is none',
    ['POST', '/v1/members', { name: 'x', role: 'viewer', email: 'x' }],
    400,
    'invalid_request',
    '/email',
  ],
  ['an unknown scope', ['POST', '/v1/api-keys', { name: 'x', scopes: ['all'] }], 400, 'invalid_request'],
  ['no scope', ['POST', '/v1/api-keys', { name: 'x', scopes: [] }], 400, 'invalid_request', '/scopes'],
  [
    'a time that is none',
    ['POST', '/v1/api-keys', { name: 'x', expires_at: 'tomorrow' }],
    400,
    'invalid_request',
    '/expires_at',
  ],
  ['a name of blanks', ['POST', '/v1/workspaces', { name: '   ' }], 400, 'invalid_request', '/name'],
  [
    'a hash that is none',
    ['POST', '/v1/repositories/r/uploads', { sha256: 'abc', size_bytes: 1 }],
    400,
    'invalid_request',
    '/sha256',
  ],
  [
    'a negative size',
    ['POST', '/v1/repositories/r/uploads', { sha256: 'a'.repeat(64), size_bytes: -1 }],
    400,
    'invalid_request',
  ],
  [
    'an upload of nobody',
    ['PATCH', '/v1/repositories/r/uploads/upl_x', 'bytes', 'application/octet-stream'],
    404,
    'upload_not_found',
  ],
  ['an unknown kind', ['POST', '/v1/repositories', { kind: 'zoo', name: 'x' }], 400, 'invalid_request', '/kind'],
  ['a search for nothing', ['GET', '/v1/corpora/c/search?query='], 400, 'invalid_request', '/query'],
  ['an unknown action', ['POST', '/v1/human-tasks/t/decision', { action: 'maybe' }], 400, 'invalid_request', '/action'],
  ['a field in an empty body', ['POST', '/v1/jobs/job_1/cancel', { why: 'x' }], 400, 'invalid_request', '/why'],
  ['a route by a tenant', ['PUT', '/v1/routes/m', { upstream: 'u', upstream_model: 'm' }], 403, 'operator_required'],
];

async function written(): Promise<unknown> {
  const { rows } = await lab.database.db.$client.query(`
    select (select count(*) from accounts) a, (select count(*) from workspaces) w, (select count(*) from members) m,
      (select count(*) from api_keys) k, (select count(*) from outbox) o, (select count(*) from requests) r,
      (select count(*) from idempotency_records where sealed_answer is not null) i,
      (select count(*) from audit_events where result = 'succeeded') s`);
  return rows[0];
}

describe('bad input', () => {
  it.each(stories)(
    '%s is refused, and nothing is written',
    async (_story, [method, path, body, contentType], status, code, pointer) => {
      const before = await written();
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      const type = contentType ?? (body === undefined ? undefined : 'application/json');
      const response = await acme.rest.raw(path, {
        method,
        headers: { ...(type !== undefined && { 'content-type': type }), 'idempotency-key': `k-${path.length}-${code}` },
        ...(text !== undefined && { body: text }),
      });
      const problem = (await response.json()) as {
        code: string;
        status: number;
        request_id: string;
        errors?: { pointer: string }[];
      };
      expect({ status: response.status, code: problem.code }).toEqual({ status, code });
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(problem.request_id).toBe(response.headers.get('x-request-id'));
      const pointers = problem.errors?.map((error) => error.pointer) ?? [];
      expect(pointers).toEqual(expect.arrayContaining(pointer === undefined ? [] : [pointer]));
      expect(await written()).toEqual(before);
      expect(calls).toBe(0);
    },
  );

  it('of an unknown caller is refused before it is read', async () => {
    const response = await fetch(`${lab.gateway.addresses.http}/v1/jobs`, {
      method: 'POST',
      body: 'x'.repeat(5_000_000),
    }).catch(() => undefined);
    expect(response === undefined || response.status === 401).toBe(true);
  });
});
