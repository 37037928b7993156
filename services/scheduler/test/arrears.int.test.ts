import { AccountArrearsChanged } from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS, streamSubjects } from '@suanli/proto/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, bob, type Platform, startPlatform } from './support/platform.ts';
import type { ScriptedAgent } from './support/scripted-agent.ts';

const DAY_MS = 86_400_000;

describe('an account in arrears', () => {
  let platform: Platform;
  let hefei: ScriptedAgent;
  const cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = cleanup.use(await startPlatform());
    hefei = platform.hefei();
    cleanup.use(hefei.alive());
  });
  afterAll(() => cleanup.disposeAsync());

  /** What billing tells, in a stream of its own. */
  async function tell(accountId: string, state: string, version: bigint): Promise<void> {
    const { bus } = platform;
    await bus.ensureStream({ name: 'billing', subjects: streamSubjects('billing'), maxAgeMs: DAY_MS, discard: 'new' });
    const message = AccountArrearsChanged.fromPartial({ accountId, state, version, since: new Date() });
    const id = `${accountId}-${version}-${state}`;
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-type': EVENTS.accountArrearsChanged.subject,
      'ce-source': '/suanli/billing',
      'ce-time': new Date().toISOString(),
      'ce-aggregateid': accountId,
      'ce-aggregateversion': String(version),
    };
    const body = new TextEncoder().encode(JSON.stringify(AccountArrearsChanged.toJSON(message)));
    await bus.publish(EVENTS.accountArrearsChanged.subject, body, headers, { msgId: id });
  }

  it('is warned and nothing changes; suspended, what runs stops with the reason and nothing new begins; restored, it does', async () => {
    const running = await platform.submit();
    await platform.until(running, (job) => job.phase === 'running');
    await tell('acc_alice', 'grace', 2n);
    await tell('acc_alice', 'suspended', 3n);
    const ended = await platform.until(running, (job) => job.phase === 'failed');
    expect(ended.reason?.code).toBe('account_suspended');
    const waiting = await platform.submit();
    await platform.until(waiting, (job) => job.reason?.code === 'account_suspended');
    expect(platform.billing.ofJob(waiting)).toEqual([]);
    // An event of before, late: it is known by its version, and suspends nobody again.
    await tell('acc_alice', 'ok', 5n);
    await tell('acc_alice', 'suspended', 4n);
    await platform.until(waiting, (job) => job.phase === 'running');
    hefei.exit(waiting, 0);
    await platform.until(waiting, (job) => job.phase === 'succeeded');
  });

  it('does not touch what others run', async () => {
    const other = await platform.submit({}, bob);
    await platform.until(other, (job) => job.phase === 'running', bob);
    await tell('acc_carol', 'suspended', 1n);
    await tell('acc_dave', 'deleting', 1n);
    const carols = await platform.submit({}, { ...alice, accountId: 'acc_carol' });
    await platform.until(carols, (job) => job.reason?.code === 'account_suspended', {
      ...alice,
      accountId: 'acc_carol',
    });
    expect((await platform.read(other, bob)).phase).toBe('running');
    hefei.exit(other, 0);
  });

  it('that is to be deleted has what waits cancelled, too', async () => {
    const erin = { ...alice, accountId: 'acc_erin' };
    const jobId = await platform.submit({ regions: ['cn-shanghai'] }, erin);
    await tell('acc_erin', 'deleting', 4n);
    const ended = await platform.until(jobId, (job) => job.phase === 'cancelled', erin);
    expect(ended.reason?.code).toBe('account_suspended');
  });
});
