import { createGrpcClient, GrpcCallError, type GrpcClient } from '@suanli/grpc-kit';
import {
  InferenceServiceClient,
  type InferenceServiceService,
} from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/service.ts';
import type { Tenant } from '../support/gateway-lab.ts';
import { sayHello } from './support/fake-openai.ts';
import { type InferenceLab, inferenceLab, MODEL, OFFLINE } from './support/inference-lab.ts';

type Client = GrpcClient<typeof InferenceServiceService>;
let lab: InferenceLab;
let boot: AsyncDisposableStack;
let acme: Tenant;
let workflow: Client;

async function connectAs(service: string, gateway: Gateway): Promise<Client> {
  const { ca, cert, key } = await lab.lab.tls.issue(service);
  const tls = { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
  const options = { address: gateway.addresses.internal, tls, peer: 'gateway', defaultDeadlineMs: 10_000 };
  return boot.use(createGrpcClient(InferenceServiceClient, options));
}

beforeAll(async () => {
  boot = new AsyncDisposableStack();
  lab = boot.use(await inferenceLab());
  acme = await lab.openAccount();
  workflow = await connectAs('workflow', lab.gateway);
});
afterAll(() => boot.disposeAsync());
beforeEach(() => lab.upstream.behave(sayHello));

const aCall = (requestId: string, over: Record<string, unknown> = {}, tenant: Tenant = acme) => ({
  tenant: { accountId: tenant.accountId, subAccountId: '', workspaceId: tenant.workspaceId, principalId: 'run_1' },
  requestId,
  model: MODEL,
  messages: [{ role: 'user', content: 'Hi' }],
  maxOutputTokens: 50,
  costKey: 'step-1',
  ...over,
});
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof GrpcCallError ? error.reason : String(error)),
  );

describe('a model call of another service', () => {
  it('is one answer and one usage event, however often and wherever it is repeated', async () => {
    const other = await connectAs('workflow', await lab.startReplica());
    const before = lab.upstream.received.length;
    const answers = [
      await workflow.completeChat(aCall('req_once')),
      await workflow.completeChat(aCall('req_once')),
      await other.completeChat(aCall('req_once')),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ content: 'Hello there', inputTokens: 12, outputTokens: 3, model: MODEL });
    expect(lab.upstream.received.length - before).toBe(1);
    const mine = (await lab.usages(acme)).filter(({ usageId }) => usageId === answers[0]?.usageId);
    expect(mine).toMatchObject([{ costKey: 'step-1', tenant: { principalId: 'run_1' } }]);
  });

  it('is one answer and one usage event also when many arrive at once', async () => {
    const tenant = await lab.openAccount();
    let calls = 0;
    lab.upstream.behave((_request, reply) => {
      calls += 1;
      const message = { role: 'assistant', content: `Answer ${calls}` };
      reply.setHeader('content-type', 'application/json');
      reply.end(
        JSON.stringify({
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage: { prompt_tokens: 5, completion_tokens: 2 },
        }),
      );
    });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => workflow.completeChat(aCall('req_many', {}, tenant))),
    );
    expect(new Set(answers.map(({ content }) => content)).size).toBe(1);
    expect(await lab.usages(tenant)).toHaveLength(1);
  });

  it('is answered by the built-in writer where there is no model', async () => {
    const answer = await workflow.completeChat(aCall('req_offline', { model: OFFLINE }));
    expect(answer.content).not.toBe('');
    expect(answer.model).toBe(OFFLINE);
  });

  it('under another tenant is another call', async () => {
    const other = await lab.openAccount();
    const [one, two] = [
      await workflow.completeChat(aCall('req_shared')),
      await workflow.completeChat(aCall('req_shared', {}, other)),
    ];
    expect(one.usageId).not.toBe(two.usageId);
    expect(await lab.usages(other)).toHaveLength(1);
  });

  it('is refused with its reason', async () => {
    const poor = await lab.openAccount(10n);
    lab.billing.unpriced.add('gpt-unknown');
    expect(await reasonOf(workflow.completeChat(aCall('req_1', {}, poor)))).toBe('INSUFFICIENT_FUNDS');
    expect(await reasonOf(workflow.completeChat(aCall('req_2', { model: 'gpt-unknown' })))).toBe('MODEL_NOT_FOUND');
    expect(await reasonOf(workflow.completeChat(aCall('', {})))).toBe('INVALID_REQUEST');
    await workflow.completeChat(aCall('req_3'));
    expect(await reasonOf(workflow.completeChat(aCall('req_3', { temperature: 1 })))).toBe('REQUEST_ID_REUSED');
    lab.upstream.behave((_request, reply) => void reply.destroy());
    expect(await reasonOf(workflow.completeChat(aCall('req_4')))).toBe('UPSTREAM_FAILED');
  });

  it('is for workflow alone', async () => {
    const scheduler = await connectAs('scheduler', lab.gateway);
    expect(await reasonOf(scheduler.completeChat(aCall('req_5')))).toBe('PEER_FORBIDDEN');
  });
});
