import type { Clock, IdSource, Logger, Micros, TenantPath } from '@suanli/kernel';
import { isIdle, type Lease, type LeaseTerms, whatItTakes } from '../../domain/inference/lease.ts';
import type { HoldDesk } from './ports.ts';

export const LEASE_TERMS: LeaseTerms = { sliceMicros: 500_000n, lifeMs: 15 * 60_000, callMs: 10 * 60_000 };
/** A lease that nobody has used for this long is given back. */
const IDLE_MS = 60_000;
const SWEEP_EVERY_MS = 5_000;

export type Slice = {
  holdId: string;
  /** Ends the reservation. With what the call has cost, and the usage event that will capture it. */
  settle(spent: { micros: Micros; usageId: string } | undefined): void;
};
export type SliceOutcome =
  | { kind: 'reserved'; slice: Slice }
  | { kind: 'refused'; reason: string; missingMicros: Micros };

export type MoneyLeases = {
  /** Reserves `micros` of the tenant's money for one call. */
  reserve(tenant: TenantPath, micros: Micros): Promise<SliceOutcome>;
  /** Gives idle leases back. */
  sweep(signal: AbortSignal): Promise<void>;
  /** Gives all back that no call uses. */
  close(): Promise<void>;
};

type Pot = { leaseId: string; lease: Lease | undefined; turn: Promise<unknown> };

/**
 * Money leases of this replica, one for each workspace: a hold at billing from which calls are reserved in memory. A
 * crash loses the memory, not the money: the hold captures what was recorded and expires back to the customer.
 */
export function createMoneyLeases(deps: { desk: HoldDesk; clock: Clock; ids: IdSource; logger: Logger }): MoneyLeases {
  const { desk, clock, ids, logger } = deps;
  const pots = new Map<string, Pot>();
  const potOf = (tenant: TenantPath): Pot => {
    const key = `${tenant.accountId}/${tenant.workspaceId}`;
    const pot = pots.get(key) ?? { leaseId: ids.next('lea'), lease: undefined, turn: Promise.resolve() };
    pots.set(key, pot);
    return pot;
  };

  const cover = async (pot: Pot, tenant: TenantPath, micros: Micros) => {
    const need = whatItTakes(pot.lease, micros, LEASE_TERMS, clock.now());
    if (need.kind === 'covered') return undefined;
    const obtain = (amountMicros: Micros) => {
      const command = { requestId: ids.next('req'), amountMicros, expiresAt: need.expiresAt };
      return need.kind === 'open' || pot.lease === undefined
        ? desk.place({ ...command, tenant, leaseId: pot.leaseId })
        : desk.extend({ ...command, holdId: pot.lease.holdId });
    };
    let outcome = await obtain(need.amountMicros);
    if (
      outcome.kind === 'refused' &&
      outcome.reason === 'insufficient_funds' &&
      need.leastAmountMicros < need.amountMicros
    ) {
      outcome = await obtain(need.leastAmountMicros);
    }
    if (outcome.kind === 'refused') {
      // The hold is gone, by expiry or by hand: the next call begins a new one.
      if (outcome.reason === 'hold_not_active' || outcome.reason === 'hold_not_found') pot.lease = undefined;
      return outcome;
    }
    const { holdId, amountMicros, expiresAt } = outcome;
    const isSame = pot.lease?.holdId === holdId;
    const fresh = { reservedMicros: 0n, spentMicros: 0n, lastUsageId: '', lastUsedAt: clock.now() };
    pot.lease = { ...fresh, ...(isSame ? pot.lease : {}), holdId, amountMicros, expiresAt };
    return undefined;
  };

  const reserve = async (pot: Pot, tenant: TenantPath, micros: Micros): Promise<SliceOutcome> => {
    const hadLease = pot.lease !== undefined;
    let refusal = await cover(pot, tenant, micros);
    if (refusal !== undefined && hadLease && pot.lease === undefined) refusal = await cover(pot, tenant, micros);
    const { lease } = pot;
    if (refusal !== undefined || lease === undefined) {
      return {
        kind: 'refused',
        reason: refusal?.reason ?? 'hold_not_found',
        missingMicros: refusal?.missingMicros ?? 0n,
      };
    }
    lease.reservedMicros += micros;
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
        if (spent === undefined) return;
        lease.spentMicros += spent.micros;
        lease.lastUsageId = spent.usageId;
      },
    };
  };

  const giveBack = async (pot: Pot, idleMs: number) => {
    const { lease } = pot;
    if (lease === undefined || !isIdle(lease, idleMs, clock.now())) return;
    pot.lease = undefined;
    const command = { requestId: `${lease.holdId}:close`, holdId: lease.holdId, finalUsageId: lease.lastUsageId };
    await desk.close(command).catch((error: unknown) => {
      logger.warn({ err: error, holdId: lease.holdId }, 'a lease could not be given back; it expires by itself');
    });
  };

  /** One at a time for each pot: two calls must not each open a lease for the same need. */
  const inTurn = <T>(pot: Pot, work: () => Promise<T>): Promise<T> => {
    const result = pot.turn.then(work);
    pot.turn = result.catch(() => undefined);
    return result;
  };
  const giveBackAll = (idleMs: number) =>
    Promise.all([...pots.values()].map((pot) => inTurn(pot, () => giveBack(pot, idleMs))));

  return {
    reserve: (tenant, micros) => {
      const pot = potOf(tenant);
      return inTurn(pot, () => reserve(pot, tenant, micros));
    },
    async sweep(signal) {
      while (!signal.aborted) {
        await clock.sleep(SWEEP_EVERY_MS, signal);
        await giveBackAll(IDLE_MS);
      }
    },
    async close() {
      await giveBackAll(0);
    },
  };
}
