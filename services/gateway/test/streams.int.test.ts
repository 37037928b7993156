import { notFound, refuse } from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectEvents } from './support/collect-events.ts';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';
import { aJob, aRun } from './support/samples.ts';

let lab: Lab;
let acme: Tenant;
const watching = new Set<AbortSignal>();
const LOG = Buffer.from('epoch one: 你好\n', 'utf8');

async function untilLeft(ctx: CallContext): Promise<void> {
  watching.add(ctx.signal);
  await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }));
}

beforeAll(async () => {
  lab = await gatewayLab({
    env: { STREAMS_PER_KEY: '3' },
    answers: {
      jobs: {
        getJob: async (_ctx, { jobId }: { jobId: string }) =>
          jobId.startsWith('job_none')
            ? refuse(notFound('JOB_NOT_FOUND', 'no such job'))
            : { job: aJob({ jobId, epoch: 2 }) },
        watchJob: async function* (ctx, { jobId, afterVersion }: { jobId: string; afterVersion: bigint }) {
          for (let version = afterVersion + 1n; version <= 4n; version++) yield { job: aJob({ jobId, version }) };
          if (jobId === 'job_open') await untilLeft(ctx);
        },
        streamLogs: async function* (_ctx, request: { epoch: number; fromOffset: bigint; follow: boolean }) {
          const epoch = request.epoch === 0 ? 1 : request.epoch;
          const data = epoch === 1 ? LOG : Buffer.from('epoch two\n');
          // Byte by byte, so that characters are cut in the middle.
          for (let at = Number(request.fromOffset); at < data.length; at++) {
            yield { epoch, offset: BigInt(at), data: data.subarray(at, at + 1) };
          }
        },
      },
      runs: {
        getRun: async () => ({ run: aRun() }),
        streamJournal: async function* (_ctx, { afterSequence }: { afterSequence: bigint }) {
          for (let sequence = afterSequence + 1n; sequence <= 3n; sequence++) {
            yield { entry: { sequence, type: 'step_started', stepId: 'stp_1', dataJson: '{"n":1}' } };
          }
        },
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

const open = async (path: string, headers: Record<string, string> = {}, tenant = acme) =>
  collectEvents(await tenant.rest.raw(path, { headers: { accept: 'text/event-stream', ...headers } }));

describe('an event stream', () => {
  it('gives a job at each of its versions, and ends with it', async () => {
    await using stream = await open('/v1/jobs/job_1/events');
    await stream.ended;
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.response.headers.get('ratelimit')).not.toBeNull();
    expect(stream.events.map(({ event, id }) => [event, id])).toEqual(['1', '2', '3', '4'].map((id) => ['job', id]));
    expect(JSON.parse(stream.events[0]?.data ?? '')).toMatchObject({ id: 'job_1', version: '1' });
  });

  it('goes on behind Last-Event-ID', async () => {
    await using job = await open('/v1/jobs/job_1/events', { 'last-event-id': '3' });
    await using run = await open('/v1/runs/run_1/events', { 'last-event-id': '2' });
    await Promise.all([job.ended, run.ended]);
    expect(job.events.map(({ id }) => id)).toEqual(['4']);
    expect(run.events.map(({ id, event, data }) => [id, event, JSON.parse(data).data])).toEqual([
      ['3', 'step_started', { n: 1 }],
    ]);
  });

  it.each(['/v1/jobs/job_1/events', '/v1/jobs/job_1/logs?follow=true', '/v1/runs/run_1/events'])(
    'refuses a Last-Event-ID that it never gave out: %s',
    async (path) => {
      const answer = await acme.rest.get(path, { 'last-event-id': 'x;1' });
      expect([answer.status, answer.body]).toMatchObject([400, { code: 'invalid_last_event_id' }]);
    },
  );

  it('of a thing that is not there is a problem, not an empty stream', async () => {
    for (const path of ['/v1/jobs/job_none/events', '/v1/jobs/job_none/logs?follow=true', '/v1/jobs/job_none/logs']) {
      const answer = await acme.rest.get(path, { accept: 'text/event-stream' });
      expect([answer.status, answer.body]).toMatchObject([404, { code: 'job_not_found' }]);
    }
  });

  it('lets the service know when the client leaves', async () => {
    watching.clear();
    const stream = await open('/v1/jobs/job_open/events');
    await eventually(() => expect(watching.size).toBe(1));
    await stream[Symbol.asyncDispose]();
    await eventually(() => expect([...watching].every(({ aborted }) => aborted)).toBe(true));
  });

  it('ends when its key is revoked', async () => {
    const made = await acme.rest.post('/v1/api-keys', { name: 'watcher' });
    const { id, secret } = made.body as { id: string; secret: string };
    const watcher = { ...acme, rest: lab.client(lab.gateway, secret) };
    await using stream = await open('/v1/jobs/job_open/events', {}, watcher);
    await eventually(() => expect(stream.events).toHaveLength(4));
    await acme.rest.delete(`/v1/api-keys/${id}`);
    await stream.ended;
  });

  it('is opened so often by one key, and no more', async () => {
    const tenant = await lab.openAccount('Many streams');
    await using stack = new AsyncDisposableStack();
    for (let i = 0; i < 3; i++) stack.use(await open('/v1/jobs/job_open/events', {}, tenant));
    const refused = await tenant.rest.get('/v1/jobs/job_open/events');
    expect([refused.status, refused.body]).toMatchObject([429, { code: 'too_many_streams' }]);
    expect((await tenant.rest.get('/v1/jobs/job_1')).status).toBe(200);
  });
});

describe('the log of a task', () => {
  it('is followed over the attempts of a job, no character cut in two', async () => {
    await using stream = await open('/v1/jobs/job_1/logs?follow=true');
    await stream.ended;
    const texts = stream.events.map(({ data }) => JSON.parse(data) as { epoch: number; text: string });
    expect(texts.map(({ text }) => text).join('')).toBe('epoch one: 你好\nepoch two\n');
    expect(texts.some(({ text }) => text.includes('\ufffd'))).toBe(false);
    expect(stream.events.at(-1)?.id).toBe('2:10');
  });

  it('can be followed again from any of its events, without a gap or a repetition', async () => {
    await using whole = await open('/v1/jobs/job_1/logs?follow=true');
    await whole.ended;
    for (const at of [0, 10, 12, 13, 16]) {
      await using rest = await open('/v1/jobs/job_1/logs', { 'last-event-id': whole.events[at]?.id ?? '' });
      await rest.ended;
      expect(rest.events.map(({ id, data }) => [id, data])).toEqual(
        whole.events.slice(at + 1).map(({ id, data }) => [id, data]),
      );
    }
  });

  it('is text with the place where to go on', async () => {
    const answer = await acme.rest.get('/v1/jobs/job_1/logs?offset=7');
    expect(answer.text).toBe('ne: 你好\n');
    expect([answer.headers.get('log-epoch'), answer.headers.get('log-next-offset')]).toEqual(['1', String(LOG.length)]);
    expect(answer.headers.get('content-type')).toContain('text/plain');
  });
});

describe('a gateway that stops', () => {
  it('ends its streams, so that their clients can go on elsewhere', async () => {
    const leaving = await lab.startReplica();
    const rest = lab.client(leaving, acme.key);
    await using stream = collectEvents(await rest.raw('/v1/jobs/job_open/events'));
    await eventually(() => expect(stream.events).toHaveLength(4));
    const startedMs = performance.now();
    await leaving[Symbol.asyncDispose]();
    await stream.ended;
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
