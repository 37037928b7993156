import { connectBus } from '@suanli/messaging';
import { eventually, silentLogger } from '@suanli/test-kit';
import { agentSubjects, EVENTS } from '@suanli/proto/subjects';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { platform, platformSecrets } from '../support/platform.ts';

type Bus = Awaited<ReturnType<typeof connectBus>>;

const REFUSED = /permissions violation/i;
const none = new Uint8Array();
const shanghai = agentSubjects('cn-shanghai');
const hefei = agentSubjects('cn-hefei');
const users = ['billing', 'gateway', 'scheduler', 'agent-cn-shanghai', 'agent-cn-hefei'] as const;

const owned = new AsyncDisposableStack();
const buses = {} as Record<(typeof users)[number], Bus>;
beforeAll(async () => {
  const { natsUrl: url } = await platform();
  const secrets = await platformSecrets();
  for (const user of users) {
    const password = secrets[`nats user ${user}`] ?? '';
    buses[user] = owned.use(await connectBus({ url, user, password, name: `e2e-${user}` }, silentLogger));
  }
});
afterAll(() => owned.disposeAsync());

it.each<[string, () => Promise<unknown>]>([
  ['sync as another', () => buses['agent-cn-hefei'].request(shanghai.sync, none, { timeoutMs: 1_000 })],
  ['write logs for another', () => buses['agent-cn-shanghai'].request(hefei.logs, none, { timeoutMs: 1_000 })],
  [
    'publish a fact',
    () => buses['agent-cn-hefei'].publish(EVENTS.computeUsageRecorded.subject, none, {}, { msgId: 'forged' }),
  ],
])("the agent of one region cannot %s's", async (_what, attempt) => {
  await expect(attempt()).rejects.toThrow(REFUSED);
});

it('the agent of one region does not hear what another is told', async () => {
  const heard: string[] = [];
  await using _thief = buses['agent-cn-hefei'].listen(shanghai.wake, () => heard.push('thief'));
  await using _owner = buses['agent-cn-shanghai'].listen(shanghai.wake, () => heard.push('owner'));
  await eventually(() => {
    buses.scheduler.broadcast(shanghai.wake, none);
    return heard.includes('owner');
  });
  expect(heard).not.toContain('thief');
});

it.each([
  ['gateway', EVENTS.computeUsageRecorded.subject],
  ['scheduler', EVENTS.inferenceUsageRecorded.subject],
  ['gateway', EVENTS.chargeRated.subject],
  ['billing', EVENTS.workloadFinished.subject],
] as const)('%s cannot publish %s', async (user, subject) => {
  await expect(buses[user].publish(subject, none, {}, { msgId: 'forged' })).rejects.toThrow(REFUSED);
});
