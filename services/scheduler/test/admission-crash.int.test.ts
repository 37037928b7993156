import { constraintOf, createLeadership, LostLeadership } from '@suanli/postgres';
import { systemClock, systemIds } from '@suanli/kernel';
import { silentLogger, type TestDatabase, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upsertCatalogue } from '../src/adapters/postgres/catalogue-store.ts';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { postgresStores } from '../src/adapters/postgres/stores.ts';
import { reserveCapacity } from '../src/app/admission/reserve-capacity.ts';
import { runAdmission } from '../src/app/admission/run-admission.ts';
import { settleReserved } from '../src/app/admission/settle-reserved.ts';
import { syncCluster } from '../src/app/agents/sync-cluster.ts';
import { LEADERSHIP, type SchedulerDeps } from '../src/app/deps.ts';
import { cancelJob } from '../src/app/jobs/cancel-job.ts';
import { defaultPolicy } from '../src/app/policy.ts';
import type { Billing, PlaceHold } from '../src/app/ports.ts';
import { runChores } from '../src/app/upkeep/run-chores.ts';
import type { Admission } from '../src/domain/cycle/snapshot.ts';
import { A_PRICE, aSpec, aWorkload } from '../src/testing/builders.ts';
import { reason } from '../src/domain/job/reason.ts';

/** Billing as a set of holds: what it remembers is what survives our crashes. */
function aBilling() {
  const placed = new Map<string, PlaceHold>();
  const closed = new Set<string>();
  const state = { losesAnswers: false };
  const billing: Billing = {
    async placeHolds(commands) {
      for (const command of commands) {
        const before = placed.get(command.requestId);
        expect(before ?? command).toEqual(command);
        placed.set(command.requestId, command);
      }
      if (state.losesAnswers) throw new Error('the answer was lost');
      return commands.map(({ requestId }) => ({ kind: 'held' as const, holdId: `hold of ${requestId}` }));
    },
    extendHolds: async () => [],
    async closeHolds(commands) {
      for (const { holdId } of commands) closed.add(holdId);
      return commands.map(({ holdId }) => ({ kind: 'held' as const, holdId }));
    },
  };
  return { billing, placed, closed, state };
}

describe('a crash between capacity, money and bind', () => {
  let database: TestDatabase;
  let deps: SchedulerDeps;
  let money: ReturnType<typeof aBilling>;
  let epoch: bigint;

  beforeEach(async () => {
    database = await testDatabase({ service: 'scheduler', migrationsFolder: MIGRATIONS_FOLDER });
    money = aBilling();
    const quiet = () => undefined;
    deps = {
      db: database.db,
      stores: postgresStores,
      billing: money.billing,
      quotes: { create: () => Promise.reject(new Error('not asked for')), check: async () => undefined },
      prices: { load: async () => () => A_PRICE },
      keys: { issue: async () => 'sjk', revoke: async () => undefined },
      revisions: { resolve: async () => ({ kind: 'refused', message: 'none' }) },
      wakes: { committed: quiet, agent: quiet, logs: quiet },
      policy: defaultPolicy,
      clock: systemClock,
      ids: systemIds,
      logger: silentLogger,
    };
    await upsertCatalogue(database.db, {
      regions: [{ region: 'north', displayName: 'North' }],
      clusters: [{ clusterId: 'north-1', region: 'north', displayName: 'North 1', supplierAccountId: '' }],
      skus: [{ sku: 'gpu.big', displayName: 'Big', gpuModel: 'BIG', gpuMemoryBytes: 1 }],
    });
    const gpus = [0, 1].map((deviceIndex) => ({
      gpuId: `g${deviceIndex}`,
      deviceIndex,
      model: 'BIG',
      memoryBytes: 1,
      isHealthy: true,
    }));
    const nodes = [{ nodeId: 'n1', milliCpus: 2_000, memoryBytes: 4 * 2 ** 30, labels: {}, gpus }];
    await syncCluster(deps, {
      clusterId: 'north-1',
      instanceId: 'i',
      sequence: 1n,
      driver: 'simulated',
      isolation: 'none',
      nodes,
      tasks: [],
    });
    epoch = await lead('first');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  /** Takes the leadership over, as after the death of the leader before. */
  async function lead(holder: string): Promise<bigint> {
    await database.db.execute(sql`update leadership set lease_until = '-infinity'`);
    let taken = 0n;
    const leadership = createLeadership({
      db: database.db,
      name: LEADERSHIP,
      holder,
      leaseMs: 60_000,
      clock: systemClock,
      logger: silentLogger,
    });
    await leadership.run(new AbortController().signal, async (won) => {
      taken = won;
    });
    return taken;
  }

  async function pend(id: string, fields: Parameters<typeof aSpec>[0] = {}): Promise<void> {
    const { clusters, workloads } = postgresStores(database.db);
    const now = await clusters.now();
    const spec = aSpec({ milliGpus: 1000, milliCpus: 1_000, ...fields });
    await workloads.insert(
      aWorkload({ id, spec, phase: 'pending', reason: reason('queued'), epoch: 0, createdAt: now, eligibleAt: now }),
    );
  }

  const placement = (workloadId: string, gpuId: string): Admission => ({
    ...{ workloadId, clusterId: 'north-1', region: 'north', sku: 'gpu.big', price: A_PRICE },
    tasks: [{ nodeId: 'n1', gpus: [{ gpuId, deviceIndex: 0, milliGpus: 1000 }] }],
  });
  const phaseOf = async (id: string) =>
    (await postgresStores(database.db).workloads.view(aWorkload().tenant, id))?.workload;
  const used = async () => {
    const found = await database.db.execute<{ gpus: number; cpus: number; rows: number }>(sql`
      select (select sum(used_milli)::int from gpus) as gpus, (select sum(used_milli_cpus)::int from nodes) as cpus,
        (select count(*)::int from reservations) as rows`);
    return found.rows[0];
  };

  it('after the reservation: the next leader asks for the same hold and binds', async () => {
    await pend('job_a');
    expect(await reserveCapacity(deps, epoch, [placement('job_a', 'g0')])).toBe(1);
    const next = await lead('second');
    expect((await runAdmission(deps, next)).bound).toBe(1);
    expect(await phaseOf('job_a')).toMatchObject({ phase: 'starting', epoch: 1 });
    expect([...money.placed.keys()]).toEqual(['job_a:1:place']);
    expect(await used()).toEqual({ gpus: 1000, cpus: 1_000, rows: 1 });
  });

  it('after the hold: it is asked for again with the same body, and is the same hold', async () => {
    await pend('job_a');
    money.state.losesAnswers = true;
    await expect(runAdmission(deps, epoch)).rejects.toThrow('lost');
    expect(await phaseOf('job_a')).toMatchObject({ phase: 'pending' });
    money.state.losesAnswers = false;
    await runAdmission(deps, await lead('second'));
    expect(await phaseOf('job_a')).toMatchObject({ phase: 'starting', epoch: 1 });
    expect(money.placed.size).toBe(1);
  });

  it('with a cancel in the gap: capacity goes back at once, the hold is closed, nothing starts', async () => {
    await pend('job_a');
    money.state.losesAnswers = true;
    await expect(runAdmission(deps, epoch)).rejects.toThrow('lost');
    const { tenant } = aWorkload();
    const ctx = {
      tenant,
      role: 'owner',
      scopes: ['*'],
      correlationId: 'c',
      signal: new AbortController().signal,
    } as const;
    await cancelJob(deps, ctx, 'job_a');
    expect(await used()).toEqual({ gpus: 0, cpus: 0, rows: 0 });
    money.state.losesAnswers = false;
    await runAdmission(deps, epoch);
    await runChores(deps);
    expect(await phaseOf('job_a')).toMatchObject({ phase: 'cancelled' });
    expect([...money.closed]).toEqual(['hold of job_a:1:place']);
  });

  it('of a leader that does not know it: what it writes is refused', async () => {
    await pend('job_a');
    const next = await lead('second');
    await expect(reserveCapacity(deps, epoch, [placement('job_a', 'g0')])).rejects.toBeInstanceOf(LostLeadership);
    await reserveCapacity(deps, next, [placement('job_a', 'g0')]);
    await expect(settleReserved(deps, epoch)).rejects.toBeInstanceOf(LostLeadership);
    expect(await phaseOf('job_a')).toMatchObject({ phase: 'pending' });
    expect(await settleReserved(deps, next)).toBe(1);
  });

  it('cannot over-commit a device or a node, even when a decision says so', async () => {
    for (const id of ['job_a', 'job_b', 'job_c', 'job_d']) await pend(id);
    const decided = [
      placement('job_a', 'g0'),
      placement('job_b', 'g0'),
      placement('job_c', 'g1'),
      placement('job_d', 'g1'),
    ];
    expect(await reserveCapacity(deps, epoch, decided)).toBe(2);
    expect(await used()).toEqual({ gpus: 2000, cpus: 2_000, rows: 2 });
    expect(await phaseOf('job_b')).toMatchObject({ phase: 'pending', epoch: 0 });
  });

  it('takes nothing twice when the same decision is applied again', async () => {
    await pend('job_a');
    await reserveCapacity(deps, epoch, [placement('job_a', 'g0')]);
    const again = reserveCapacity(deps, epoch, [placement('job_a', 'g1')]);
    await expect(again.catch(constraintOf)).resolves.toBe('attempts_one_live');
    expect(await used()).toEqual({ gpus: 1000, cpus: 1_000, rows: 1 });
  });
});
