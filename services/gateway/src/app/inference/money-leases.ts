import type { Clock, IdSource, Logger, Micros, TenantPath } from '@suanli/kernel';
import { isIdle, type Lease, type LeaseTerms, whatItTakes } from '../../domain/inference/lease.ts';
import { BY_WORKSPACE, type Grain, leaseKey, type LeaseOwner, ownerOf } from '../../domain/inference/lease-grain.ts';
import type { HoldDesk, HoldOutcome } from './ports.ts';

export const LEASE_TERMS: LeaseTerms = { sliceMicros: 500_000n, lifeMs: 15 * 60_000, callMs: 10 * 60_000 };
/** A lease that nobody has used for this long is given back. */
const IDLE_MS = 60_000;
const SWEEP_EVERY_MS = 5_000;
/** At stop, calls under way get this long to record what they used. */
const CLOSE_PATIENCE_MS = 5_000;

export type Slice = {
  holdId: string;
  /** Ends the reservation. With what the call has cost, and the usage event that will capture it. */
  settle(spent: { micros: Micros; usageId: string } | undefined): void;
};
export type SliceOutcome = { kind: 'reserved'; slice: Slice } | (HoldOutcome & { kind: 'refused' });

export type MoneyLeases = {
  /** Reserves `micros` of the tenant's money for one call of a model. */
  reserve(tenant: TenantPath, item: string, micros: Micros): Promise<SliceOutcome>;
  /** Gives idle leases back. */
  sweep(signal: AbortSignal): Promise<void>;
  /** Reserves no more, waits a little for calls under way, and gives all back that none uses. */
  close(): Promise<void>;
};

type Pot = {
  lease: Lease | undefined;
  /** A command whose answer was lost: asked again first, for it may have changed the hold. */
  inDoubt: (() => Promise<HoldOutcome>) | undefined;
  turn: Promise<unknown>;
  waiting: number;
};
type Refused = HoldOutcome & { kind: 'refused' };

/** Accounts with budgets of keys or models that are remembered; one that is forgotten is learnt again by one refusal. */
const MAX_GRAINS = 10_000;
/** The wallet, or a budget, cannot give the comfortable amount; perhaps it can give what the call needs. */
const TOO_MUCH = ['insufficient_funds', 'budget_exceeded'];

/**
 * Money leases of this replica, one for each workspace: a hold at billing from which calls are reserved in memory. A
 * crash loses the memory, not the money: the hold captures what was recorded and expires back to the customer. Where a
 * hard budget tells keys or models apart, billing refuses a shared hold, and those of the account have their own: so
 * every micro that a replica may spend is reserved in the budgets that it will count in.
 */
export function createMoneyLeases(deps: { desk: HoldDesk; clock: Clock; ids: IdSource; logger: Logger }): MoneyLeases {
  const { desk, clock, ids, logger } = deps;
  const pots = new Map<string, Pot>();
  const grains = new Map<string, Grain>();
  const quiet = createCounter();
  let isClosed = false;

  const ask = async (pot: Pot, command: () => Promise<HoldOutcome>): Promise<HoldOutcome> => {
    pot.inDoubt = command;
    const outcome = await command();
    pot.inDoubt = undefined;
    if (outcome.kind === 'held') adopt(pot, outcome, clock);
    return outcome;
  };

  const cover = async (pot: Pot, owner: LeaseOwner, micros: Micros): Promise<Refused | undefined> => {
    if (pot.inDoubt !== undefined) await ask(pot, pot.inDoubt);
    const need = whatItTakes(pot.lease, micros, LEASE_TERMS, clock.now());
    if (need.kind === 'covered') return undefined;
    const { lease } = pot;
    const obtain = (amountMicros: Micros) => {
      const command = { requestId: ids.next('req'), amountMicros, expiresAt: need.expiresAt };
      if (need.kind === 'extend' && lease !== undefined)
        return ask(pot, () => desk.extend({ ...command, holdId: lease.holdId }));
      const leaseId = ids.next('lea');
      return ask(pot, () => desk.place({ ...command, ...owner, leaseId }));
    };
    let outcome = await obtain(need.amountMicros);
    const isTooMuch = outcome.kind === 'refused' && TOO_MUCH.includes(outcome.reason);
    if (isTooMuch && need.leastAmountMicros < need.amountMicros) outcome = await obtain(need.leastAmountMicros);
    if (outcome.kind === 'held') return undefined;
    // The hold is gone, by expiry or by hand: the next call begins a new one.
    if (outcome.reason === 'hold_not_active' || outcome.reason === 'hold_not_found') pot.lease = undefined;
    return outcome;
  };

  const reserve = async (pot: Pot, owner: LeaseOwner, micros: Micros): Promise<SliceOutcome> => {
    if (isClosed) return { kind: 'refused', reason: 'stopping', missingMicros: 0n };
    const hadLease = pot.lease !== undefined;
    let refusal = await cover(pot, owner, micros);
    if (refusal !== undefined && hadLease && pot.lease === undefined) refusal = await cover(pot, owner, micros);
    if (refusal !== undefined) return refusal;
    const { lease } = pot;
    if (lease === undefined) throw new Error('a reservation is covered by no lease');
    lease.reservedMicros += micros;
    quiet.enter();
    return { kind: 'reserved', slice: sliceOf(lease, micros) };
  };

  const sliceOf = (lease: Lease, micros: Micros): Slice => {
    let isSettled = false;
    return {
      holdId: lease.holdId,
      settle(spent) {
        if (isSettled) return;
        isSettled = true;
        lease.reservedMicros -= micros;
        lease.lastUsedAt = clock.now();
        if (spent !== undefined) {
          lease.spentMicros += spent.micros;
          lease.lastUsageId = spent.usageId;
        }
        quiet.leave();
      },
    };
  };

  const giveBack = async (pot: Pot, idleMs: number) => {
    const { lease } = pot;
    if (lease === undefined || !isIdle(lease, idleMs, clock.now())) return;
    pot.lease = undefined;
    // Its answer would bring back a hold that is closed now.
    pot.inDoubt = undefined;
    const command = { requestId: `${lease.holdId}:close`, holdId: lease.holdId, finalUsageId: lease.lastUsageId };
    await desk.close(command).catch((error: unknown) => {
      logger.warn({ err: error, holdId: lease.holdId }, 'a lease could not be given back; it expires by itself');
    });
  };

  /** One at a time for each lease: two calls must not each open a lease for the same need. */
  const inTurn = async <T>(key: string, work: (pot: Pot) => Promise<T>): Promise<T> => {
    const pot = pots.get(key) ?? { lease: undefined, inDoubt: undefined, turn: Promise.resolve(), waiting: 0 };
    pots.set(key, pot);
    pot.waiting += 1;
    const result = pot.turn.then(() => work(pot));
    pot.turn = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      pot.waiting -= 1;
      if (pot.waiting === 0 && pot.lease === undefined && pot.inDoubt === undefined) pots.delete(key);
    }
  };
  const giveBackAll = (idleMs: number) =>
    Promise.all([...pots.keys()].map((key) => inTurn(key, (pot) => giveBack(pot, idleMs))));

  /** Whether a refusal tells that leases of the account must be finer than they were when it was asked. */
  const learn = (accountId: string, asked: Grain, { needs = [] }: Refused): boolean => {
    const finer = new Set([...asked, ...needs]);
    if (finer.size === asked.size) return false;
    if (grains.size >= MAX_GRAINS) grains.clear();
    grains.set(accountId, new Set([...finer, ...(grains.get(accountId) ?? [])]));
    return true;
  };

  return {
    async reserve(tenant, item, micros) {
      for (;;) {
        const grain = grains.get(tenant.accountId) ?? BY_WORKSPACE;
        const owner = ownerOf(tenant, item, grain);
        const outcome = await inTurn(leaseKey(owner), (pot) => reserve(pot, owner, micros));
        if (outcome.kind === 'reserved' || !learn(tenant.accountId, grain, outcome)) return outcome;
      }
    },
    async sweep(signal) {
      while (!signal.aborted) {
        await clock.sleep(SWEEP_EVERY_MS, signal);
        if (!signal.aborted) await giveBackAll(IDLE_MS);
      }
    },
    async close() {
      isClosed = true;
      const enough = new AbortController();
      await Promise.race([quiet.whenZero(), clock.sleep(CLOSE_PATIENCE_MS, enough.signal)]);
      enough.abort();
      await giveBackAll(0);
    },
  };
}

/** Slices point to the lease, so an extension changes it in place. */
function adopt(pot: Pot, { holdId, amountMicros, expiresAt }: HoldOutcome & { kind: 'held' }, clock: Clock): void {
  if (pot.lease?.holdId === holdId) {
    Object.assign(pot.lease, { amountMicros, expiresAt });
    return;
  }
  const unused = { reservedMicros: 0n, spentMicros: 0n, lastUsageId: '', lastUsedAt: clock.now() };
  pot.lease = { ...unused, holdId, amountMicros, expiresAt };
}

/** Counts what is under way. */
function createCounter() {
  let count = 0;
  let waiters: (() => void)[] = [];
  return {
    enter: () => void (count += 1),
    leave() {
      count -= 1;
      if (count > 0) return;
      for (const wake of waiters) wake();
      waiters = [];
    },
    whenZero: () => (count === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiters.push(resolve))),
  };
}
