import { invariant } from '@suanli/kernel';
import type { Page, PageQuery, Visible } from '../app/read-ports.ts';
import type { IncomingPaymentStore, RechargeReads, RechargeStore } from '../app/recharges/ports.ts';
import type { IncomingPayment } from '../domain/recharge/incoming-payment.ts';
import type { Recharge, RechargeMovement } from '../domain/recharge/recharge.ts';
import type { MemoryState } from './memory-state.ts';

export type RechargeState = {
  recharges: Map<string, Recharge>;
  rechargeMovements: RechargeMovement[];
  incomingPayments: Map<string, IncomingPayment>;
  debts: Map<string, { owedMicros: bigint; updatedAt: number }>;
};

export function emptyRechargeState(): RechargeState {
  return { recharges: new Map(), rechargeMovements: [], incomingPayments: new Map(), debts: new Map() };
}

export function memoryRecharges(state: MemoryState): {
  recharges: RechargeStore;
  incomingPayments: IncomingPaymentStore;
} {
  return {
    recharges: {
      async insert(recharge) {
        invariant(!state.recharges.has(recharge.id), `recharge ${recharge.id} is new`);
        state.recharges.set(recharge.id, recharge);
      },
      async save(recharge) {
        invariant(state.recharges.has(recharge.id), `recharge ${recharge.id} is there`);
        state.recharges.set(recharge.id, recharge);
      },
      get: async (id) => state.recharges.get(id),
      findByReferences: async (channel, references) =>
        [...state.recharges.values()].filter((one) => one.channel === channel && references.includes(one.reference)),
      async insertMovement(movement) {
        const isKnown = state.rechargeMovements.some(
          (one) => one.channel === movement.channel && one.serialNumber === movement.serialNumber,
        );
        if (!isKnown) state.rechargeMovements.push(movement);
        return !isKnown;
      },
      bookedSerials: async (rechargeId) =>
        new Set(state.rechargeMovements.filter((one) => one.rechargeId === rechargeId).map((one) => one.serialNumber)),
      owedMicros: async (accountId) => state.debts.get(accountId)?.owedMicros ?? 0n,
      async saveOwed(accountId, owedMicros, updatedAt) {
        state.debts.set(accountId, { owedMicros, updatedAt });
        const wallet = [...state.wallets.values()].find((one) => one.accountId === accountId);
        if (wallet !== undefined) state.wallets.set(wallet.id, { ...wallet, hasDebt: owedMicros > 0n });
      },
    },
    incomingPayments: {
      async claim(payment) {
        const known = [...state.incomingPayments.values()].find(
          (one) => one.channel === payment.channel && one.serialNumber === payment.serialNumber,
        );
        if (known !== undefined) return { kind: 'known', payment: known };
        state.incomingPayments.set(payment.id, payment);
        return { kind: 'new' };
      },
      async save(payment) {
        state.incomingPayments.set(payment.id, payment);
      },
      lock: async (id) => state.incomingPayments.get(id),
    },
  };
}

export function memoryRechargeReads(state: () => RechargeState): RechargeReads {
  return {
    recharges: async (visible, page, status) =>
      newestFirst(
        [...state().recharges.values()].filter((one) => sees(visible, one) && ['', one.status].includes(status)),
        page,
      ),
    async recharge(id, visible) {
      const found = state().recharges.get(id);
      return found !== undefined && (visible === undefined || sees(visible, found)) ? found : undefined;
    },
    rechargeOfProvider: async (channel, providerId) =>
      [...state().recharges.values()].find((one) => one.channel === channel && one.providerId === providerId),
    movements: async (rechargeId) => state().rechargeMovements.filter((one) => one.rechargeId === rechargeId),
    dueRecharges: async (now, limit) =>
      [...state().recharges.values()]
        .filter(({ nextCheckAt = Number.POSITIVE_INFINITY }) => nextCheckAt <= now)
        .sort((a, b) => (a.nextCheckAt ?? 0) - (b.nextCheckAt ?? 0))
        .slice(0, limit),
    incomingPayments: async (page, wanted) =>
      newestFirst(
        [...state().incomingPayments.values()].filter((one) => ['', one.state].includes(wanted)),
        page,
      ),
    debt: async (accountId) => state().debts.get(accountId)?.owedMicros ?? 0n,
    async debts(page) {
      const owing = [...state().debts].flatMap(([accountId, debt]) =>
        debt.owedMicros > 0n ? [{ accountId, ...debt }] : [],
      );
      return { rows: owing.slice(0, page.limit), hasMore: owing.length > page.limit };
    },
  };
}

function sees({ accountId, subAccountId }: Visible, { tenant }: Recharge): boolean {
  return tenant.accountId === accountId && (subAccountId === undefined || tenant.subAccountId === subAccountId);
}

function newestFirst<Row extends { id: string }>(found: Row[], { limit, after }: PageQuery): Page<Row> {
  const sorted = found.filter((row) => after === undefined || row.id < after).sort((a, b) => (a.id < b.id ? 1 : -1));
  const rows = sorted.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = sorted.length > limit;
  return { rows, hasMore, ...(hasMore && last !== undefined && { nextKey: last.id }) };
}
