import { failedPrecondition, refuse } from '@suanli/grpc-kit';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';
import { aJob } from './support/samples.ts';

/** What the fake scheduler was asked: a real one would have its effect once for each id. */
const asked: string[] = [];
let answer: () => Promise<unknown>;
let lab: Lab;
let acme: Tenant;

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      jobs: {
        createJob: async (_ctx, request: { requestId: string }) => {
          asked.push(request.requestId);
          return answer();
        },
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => {
  asked.length = 0;
  answer = async () => ({ job: aJob({ jobId: `job_${asked.length}` }) });
});

const body = { name: 'train', command: ['true'] };
const submit = (key: string | undefined, sent: object = body, tenant = acme) =>
  tenant.rest.post('/v1/jobs', sent, key === undefined ? {} : { 'idempotency-key': key });

describe('a POST with an Idempotency-Key', () => {
  it('gets the stored answer again, status, body and place, without another call', async () => {
    const first = await submit('same');
    const second = await submit('same');
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(asked).toHaveLength(1);
  });

  it('is refused with another body, and the first answer stays', async () => {
    const first = await submit('changed');
    const other = await submit('changed', { ...body, name: 'other' });
    expect([other.status, other.body]).toMatchObject([422, { code: 'idempotency_key_reused' }]);
    expect((await submit('changed')).text).toBe(first.text);
    expect(asked).toHaveLength(1);
  });

  it('has one effect when it is sent many times at once; the others are told to wait', async () => {
    let release: () => void = () => undefined;
    const open = new Promise<void>((resolve) => (release = resolve));
    answer = async () => {
      await open;
      return { job: aJob() };
    };
    const racing = Array.from({ length: 12 }, () => submit('race'));
    // One is inside, held up by the fake; the other eleven have their answers already.
    let refusedCount = 0;
    for (const one of racing) void one.then(({ status }) => (refusedCount += status === 409 ? 1 : 0));
    await eventually(() => expect(refusedCount).toBe(11));
    release();
    const answers = await Promise.all(racing);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    const waiting = answers.find(({ status }) => status === 409);
    expect(waiting?.body).toMatchObject({ code: 'idempotency_key_in_flight', retryable: true });
    expect(waiting?.headers.get('retry-after')).toBe('1');
    expect(asked).toHaveLength(1);
  });

  it('keeps nothing of a refusal: the key is free for another try, under the same request id', async () => {
    answer = async () => refuse(failedPrecondition('INSUFFICIENT_FUNDS', 'not enough money', { missingMicros: 5n }));
    const poor = await submit('poor');
    expect([poor.status, poor.body]).toMatchObject([402, { code: 'insufficient_funds', shortfall_micros: '5' }]);
    answer = async () => ({ job: aJob() });
    expect((await submit('poor')).status).toBe(202);
    expect(new Set(asked).size).toBe(1);
  });

  it('is taken over when the gateway that worked on it has died, under the same request id', async () => {
    await submit('crashed');
    // As it stands after a kill between effect and answer: claimed, unanswered, its time run out.
    await lab.database.db.$client.query(
      `update idempotency_records set sealed_answer = null, answer_status = null, claimed_until = now() - interval '1 s'
       where key = 'crashed'`,
    );
    expect((await submit('crashed')).status).toBe(202);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toBe(asked[1]);
  });

  it('is another request for another tenant, and for another route', async () => {
    const other = await lab.openAccount('Other');
    await submit('shared');
    await submit('shared', body, other);
    expect(new Set(asked).size).toBe(2);
    expect((await acme.rest.post('/v1/workspaces', { name: 'w' }, { 'idempotency-key': 'shared' })).status).toBe(201);
  });

  it('shows its answer to no other key of the account', async () => {
    const ask = (rest: Tenant['rest']) => rest.post('/v1/api-keys', { name: 'mine' }, { 'idempotency-key': 'secret' });
    const made = await ask(acme.rest);
    const other = lab.client(lab.gateway, (made.body as { secret: string }).secret);
    const refused = await ask(other);
    expect([refused.status, refused.body]).toMatchObject([422, { code: 'idempotency_key_reused' }]);
  });

  it('must have a key of visible characters', async () => {
    const answers = await Promise.all(['a b', 'x'.repeat(256), 'é'].map((key) => submit(key)));
    for (const { status, body: problem } of answers) {
      expect([status, problem]).toMatchObject([400, { code: 'invalid_idempotency_key' }]);
    }
    expect(asked).toEqual([]);
  });
});

describe('a POST without one', () => {
  it('is a new request each time', async () => {
    await submit(undefined);
    await submit(undefined);
    expect(new Set(asked).size).toBe(2);
  });
});
