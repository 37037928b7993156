import { type Bus, connectBus } from '@suanli/messaging';
import { eventually, silentLogger, testNatsServer } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM, SUBJECT } from './rig.ts';

/** The table of the README, as a server's configuration. */
const owner = (stream: string) => [
  `suanli.${stream}.>`,
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.UPDATE.${stream}`,
];
const consumer = (stream: string, durable: string, filter: string) => [
  `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
  `$JS.API.CONSUMER.CREATE.${stream}.${durable}.${filter}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
  `$JS.ACK.${stream}.${durable}.>`,
];
const IDENTITIES = {
  billing: { publish: owner('billing'), subscribe: [], extra: '' },
  gateway: { publish: consumer('billing', 'gateway-holds', 'suanli.billing.hold.>'), subscribe: [], extra: '' },
  scheduler: {
    publish: ['suanli.agent.*.down.wake'],
    subscribe: ['suanli.agent.*.up.*'],
    extra: ', allow_responses: { max: 1, expires: "30s" }',
  },
  'agent-shanghai': { publish: ['suanli.agent.shanghai.up.*'], subscribe: ['suanli.agent.shanghai.down.>'], extra: '' },
  'agent-hefei': { publish: ['suanli.agent.hefei.up.*'], subscribe: ['suanli.agent.hefei.down.>'], extra: '' },
};

function authorization(): string {
  const list = (subjects: readonly string[]) => `{ allow: [${subjects.map((subject) => `"${subject}"`).join(', ')}] }`;
  const users = Object.entries(IDENTITIES).map(
    ([user, { publish, subscribe, extra }]) =>
      `{ user: "${user}", password: "p", permissions: { publish: ${list(publish)}, subscribe: ${list([`_INBOX_${user}.>`, ...subscribe])}${extra} } }`,
  );
  return `authorization { users: [\n${users.join('\n')}\n] }`;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('NATS permissions as documented', () => {
  const cleanup = new AsyncDisposableStack();
  const buses = {} as Record<keyof typeof IDENTITIES, Bus>;
  beforeAll(async () => {
    const server = cleanup.use(await testNatsServer(authorization()));
    for (const user of Object.keys(IDENTITIES) as (keyof typeof IDENTITIES)[]) {
      buses[user] = cleanup.use(await connectBus({ url: server.url, user, password: 'p', name: user }, silentLogger));
    }
    await buses.billing.ensureStream({ ...STREAM, maxAgeMs: 60_000 });
  });
  afterAll(() => cleanup.disposeAsync());

  const firstOf = async (bus: Bus, durable: string, subject: string): Promise<string | undefined> => {
    const stop = new AbortController();
    const source = { stream: 'billing', durable, subject, buffer: 4, ackWaitMs: 30_000 };
    for await (const delivery of bus.pull(source, stop.signal)) {
      delivery.ack();
      stop.abort();
      return delivery.subject;
    }
    return undefined;
  };

  it('let an owner make, change and fill its stream, and a consumer take from it', async () => {
    await buses.billing.ensureStream(STREAM);
    await buses.billing.publish(SUBJECT, bytes('{}'), {}, { msgId: '1' });
    expect(await firstOf(buses.gateway, 'gateway-holds', 'suanli.billing.hold.>')).toBe(SUBJECT);
  });

  it('let an agent ask the scheduler, and the scheduler wake the agent', async () => {
    await using _responder = buses.scheduler.respond(
      'suanli.agent.*.up.*',
      { queue: 'scheduler' },
      async ({ subject }) => bytes(subject),
    );
    await eventually(async () => {
      const reply = await buses['agent-hefei'].request('suanli.agent.hefei.up.sync', bytes(''), { timeoutMs: 1_000 });
      expect(new TextDecoder().decode(reply)).toBe('suanli.agent.hefei.up.sync');
    });
    const woken: string[] = [];
    await using _listener = buses['agent-hefei'].listen(
      'suanli.agent.hefei.down.wake',
      ({ subject }) => void woken.push(subject),
    );
    await eventually(() => {
      buses.scheduler.broadcast('suanli.agent.hefei.down.wake', bytes(''));
      expect(woken).toContain('suanli.agent.hefei.down.wake');
    });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a consumer to publish', () => buses.gateway.publish(SUBJECT, bytes(''), {}, { msgId: '2' })],
    ['a consumer to use another durable', () => firstOf(buses.gateway, 'other', 'suanli.billing.hold.>')],
    ['a consumer to widen its filter', () => firstOf(buses.gateway, 'gateway-holds', 'suanli.billing.>')],
    ['an owner to make the stream of another', () => buses.billing.ensureStream({ ...STREAM, name: 'gateway' })],
    [
      'an owner to publish for another',
      () => buses.billing.publish('suanli.gateway.x.y.v1', bytes(''), {}, { msgId: '3' }),
    ],
    [
      'an agent to ask as another',
      () => buses['agent-hefei'].request('suanli.agent.shanghai.up.sync', bytes(''), { timeoutMs: 500 }),
    ],
    ['an agent to read a stream', () => firstOf(buses['agent-hefei'], 'agent', 'suanli.billing.>')],
  ])('do not allow %s', async (_case, attempt) => {
    await expect(attempt()).rejects.toThrow(/permissions violation/i);
  });

  it('do not let an agent hear what is for another region', async () => {
    const heard: string[] = [];
    const hear = (who: string) => () => void heard.push(who);
    await using _thief = buses['agent-hefei'].listen('suanli.agent.shanghai.down.wake', hear('thief'));
    await using _owner = buses['agent-shanghai'].listen('suanli.agent.shanghai.down.wake', hear('owner'));
    await eventually(() => {
      buses.scheduler.broadcast('suanli.agent.shanghai.down.wake', bytes(''));
      expect(heard).toContain('owner');
    });
    expect(heard).not.toContain('thief');
  });
});
