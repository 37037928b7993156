import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { seededRng, systemClock } from '@suanli/kernel';
import { usageEvents } from '../src/adapters/postgres/schema/index.ts';
import { auditLedger } from '../src/adapters/postgres/audit-ledger.ts';
import { eventually } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { aTenant, type Platform, startPlatform, tenantMessage } from './harness.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const EVENTS = 400;
const KILLS = 4;
const YUAN = 1_000_000n;

describe('kill -9 of billing', () => {
  it('while usage comes in charges every event once, and the ledger is whole', { timeout: 240_000 }, async () => {
    await using platform = await startPlatform();
    const tenant = aTenant();
    await payAndLeave(platform, tenant);
    const rng = seededRng(20_260_101);
    const environment = platform.environment();
    let replica = start(environment);
    try {
      const publishing = publishAll(platform, tenant);
      for (let kill = 0; kill < KILLS; kill++) {
        const target = Math.floor((EVENTS * (kill + rng.next())) / (KILLS + 1));
        await eventually(async () => (await ratedCount(platform)) >= target, { timeoutMs: 60_000 });
        replica.kill('SIGKILL');
        await once(replica, 'exit');
        replica = start(environment);
      }
      await publishing;
      await eventually(async () => (await ratedCount(platform)) === EVENTS, { timeoutMs: 90_000 });
    } finally {
      replica.kill('SIGKILL');
    }
    const report = await auditLedger(platform.database.db, systemClock.now());
    expect(report).toMatchObject({ driftMicros: '0', broken: {}, usageRated: EVENTS, charges: EVENTS, usageParked: 0 });
    const { rows } = await platform.database.db.$client.query('select posted_micros::text as posted from wallets');
    expect(rows).toEqual([{ posted: (100n * YUAN - BigInt(EVENTS) * 8n).toString() }]);
  });
});

async function payAndLeave(platform: Platform, tenant: ReturnType<typeof aTenant>): Promise<void> {
  await using billing = await platform.start();
  const { wallet } = await platform.clients(billing);
  const request = {
    requestId: '1',
    channel: 'development',
    amountMicros: 100n * YUAN,
    currency: 'CNY',
    serialNumber: '',
  };
  await wallet.recharge(request, { token: await platform.token(tenant) });
}

/** Each event stands in the stream twice: as after a crash of its publisher between publishing and marking it sent. */
async function publishAll(platform: Platform, tenant: ReturnType<typeof aTenant>): Promise<void> {
  const at = systemClock.now();
  for (let i = 0; i < EVENTS; i++) {
    const usage = {
      usageId: `use_${i}`,
      tenant: tenantMessage(tenant),
      sourceKind: 'inference',
      sourceId: `req_${i}`,
      readings: [{ meter: 'tokens_output', quantity: 1n }],
      item: 'offline-writer',
      usageFrom: new Date(at + i),
      usageTo: new Date(at + i),
    };
    await platform.publishUsage('gateway', usage, `evt_${i}`);
    await platform.publishUsage('gateway', usage, i % 2 === 0 ? `evt_${i}` : `evt_again_${i}`);
  }
}

function start(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    env: { ...env, PATH: process.env.PATH, LOG_LEVEL: 'silent' },
    stdio: 'ignore',
  });
}

async function ratedCount(platform: Platform): Promise<number> {
  return platform.database.db.$count(usageEvents);
}
