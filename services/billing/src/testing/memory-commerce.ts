import { invariant } from '@suanli/kernel';
import type { OrderStore, PlanReads, PlanStore, SubscriptionStore } from '../app/plans/ports.ts';
import type { Page, PageQuery, Visible } from '../app/read-ports.ts';
import type { CreditStore, RefundReads, RefundStore } from '../app/refunds/ports.ts';
import { ownMicros } from '../domain/rating/charge.ts';
import type { Order } from '../domain/order/order.ts';
import { refundableMicros } from '../domain/order/order.ts';
import type { RenewalAttempt } from '../domain/plan/decide-period.ts';
import { type Plan, planOnSale } from '../domain/plan/plan.ts';
import type { Subscription } from '../domain/plan/subscription.ts';
import { type Credit, type CreditedCharge, type UnusableWindow, windowKeyOf } from '../domain/refund/credit.ts';
import type { Refund } from '../domain/refund/refund.ts';
import type { MemoryState } from './memory-state.ts';

export type CommerceState = {
  plans: Plan[];
  subscriptions: Map<string, Subscription>;
  renewalAttempts: RenewalAttempt[];
  orders: Map<string, Order>;
  refunds: Map<string, Refund>;
  credits: Credit[];
  creditedCharges: Map<string, CreditedCharge>;
  unusableWindows: Map<string, UnusableWindow>;
};

export function emptyCommerceState(): CommerceState {
  return {
    plans: [],
    subscriptions: new Map(),
    renewalAttempts: [],
    orders: new Map(),
    refunds: new Map(),
    credits: [],
    creditedCharges: new Map(),
    unusableWindows: new Map(),
  };
}

export function memoryCommerce(state: MemoryState): {
  plans: PlanStore;
  subscriptions: SubscriptionStore;
  orders: OrderStore;
  refunds: RefundStore;
  credits: CreditStore;
} {
  return {
    plans: {
      versions: async (codes) => state.plans.filter((plan) => codes.includes(plan.code)),
      get: async (id) => state.plans.find((plan) => plan.id === id),
      isEmpty: async () => state.plans.length === 0,
      async insert(plans) {
        state.plans.push(...plans);
      },
    },
    subscriptions: {
      get: async (id) => state.subscriptions.get(id),
      async save(subscription) {
        state.subscriptions.set(subscription.id, subscription);
      },
      findDue: async (now, limit) =>
        [...state.subscriptions.values()]
          .filter((one) => one.dueAt !== undefined && one.dueAt <= now)
          .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
          .slice(0, limit),
      async recordAttempt(attempt) {
        state.renewalAttempts.push(attempt);
      },
    },
    orders: {
      get: async (id) => state.orders.get(id),
      async insert(order) {
        const isTwice = [...state.orders.values()].some((one) => paysTheSame(one, order));
        invariant(!isTwice, `period ${order.periodIndex} of ${order.subjectId} is paid once`);
        state.orders.set(order.id, order);
      },
      async saveRefunded(order) {
        state.orders.set(order.id, order);
      },
      ofPeriod: async (subjectId, periodIndex) =>
        [...state.orders.values()].filter((one) => one.subjectId === subjectId && one.periodIndex === periodIndex),
    },
    ...memoryRefunds(state),
  };
}

function paysTheSame(one: Order, other: Order): boolean {
  const pays = (order: Order) =>
    (order.kind === 'purchase' || order.kind === 'renewal') && refundableMicros(order) > 0n;
  return pays(one) && pays(other) && one.subjectId === other.subjectId && one.periodIndex === other.periodIndex;
}

function memoryRefunds(state: MemoryState): { refunds: RefundStore; credits: CreditStore } {
  const all = () => [...state.refunds.values()];
  return {
    refunds: {
      get: async (id) => state.refunds.get(id),
      async insert(refund) {
        state.refunds.set(refund.id, refund);
      },
      async saveState(refund) {
        state.refunds.set(refund.id, refund);
      },
      openPayoutMicros: async (id) =>
        sum(all().filter((one) => one.target.id === id && ['requested', 'approved'].includes(one.state))),
      approvedIds: async (limit) =>
        all()
          .filter((one) => one.state === 'approved')
          .map((one) => one.id)
          .sort()
          .slice(0, limit),
      creditSpentOn: async (references) =>
        state.transfers
          .filter(({ reference, kind }) => references.includes(reference) && kind.startsWith('post'))
          .flatMap(({ reference, toAccountId, lotParts = [] }) =>
            lotParts.map(({ lotId, amountMicros }) => ({
              reference,
              lotId,
              amountMicros: state.wallets.has(toAccountId) ? -amountMicros : amountMicros,
            })),
          ),
    },
    credits: {
      async insertWindow(window) {
        const key = windowKeyOf(window.source);
        if (state.unusableWindows.has(key)) return false;
        state.unusableWindows.set(key, window);
        return true;
      },
      windows: async (of) => of.flatMap((source) => state.unusableWindows.get(windowKeyOf(source)) ?? []),
      openCharges: async ({ source, accountId }) =>
        state.charges.flatMap((charge) => {
          const line = state.billLines.get(charge.billLineId);
          const usage = state.usage.get(charge.usageId)?.usage;
          const isOther =
            line?.tenant.accountId !== accountId ||
            usage?.source.id !== source.id ||
            usage.source.epoch !== source.epoch;
          if (isOther || line === undefined || state.creditedCharges.has(charge.id)) return [];
          const { id: chargeId, factId, day, billLineId, usageFrom: from, usageTo: to } = charge;
          return [{ chargeId, factId, day, billLineId, tenant: line.tenant, ownMicros: ownMicros(charge), from, to }];
        }),
      async insert(credits, looked) {
        state.credits.push(...credits);
        for (const one of looked) {
          invariant(!state.creditedCharges.has(one.chargeId), `charge ${one.chargeId} is looked at once`);
          state.creditedCharges.set(one.chargeId, one);
        }
      },
    },
  };
}

export function memoryCommerceReads(state: () => MemoryState): PlanReads & RefundReads {
  const newestFirst = <Row extends { id: string }>(rows: Row[], page: PageQuery): Page<Row> =>
    cut(
      rows.filter((row) => page.after === undefined || row.id < page.after).sort((a, b) => (a.id < b.id ? 1 : -1)),
      page,
      (row) => row.id,
    );
  return {
    async plansOnSale(at, page) {
      const codes = [...new Set(state().plans.map((plan) => plan.code))].sort();
      const rows = codes.flatMap((code) => planOnSale(state().plans, code, at) ?? []);
      return cut(
        rows.filter((plan) => page.after === undefined || plan.code > page.after),
        page,
        (plan) => plan.code,
      );
    },
    subscriptions: async (visible, page, status) =>
      newestFirst(
        [...state().subscriptions.values()].filter(
          (one) => sees(visible, one.tenant) && (status === '' || one.status === status),
        ),
        page,
      ),
    async subscription(visible, id) {
      const found = state().subscriptions.get(id);
      return found !== undefined && sees(visible, found.tenant) ? found : undefined;
    },
    renewalAttempts: async (id, limit) =>
      state()
        .renewalAttempts.filter((one) => one.subscriptionId === id)
        .reverse()
        .slice(0, limit),
    orders: async (visible, page, kind) =>
      newestFirst(
        [...state().orders.values()].filter((one) => sees(visible, one.tenant) && (kind === '' || one.kind === kind)),
        page,
      ),
    async order(visible, id) {
      const found = state().orders.get(id);
      return found !== undefined && sees(visible, found.tenant) ? found : undefined;
    },
    refunds: async (visible, page, asked) =>
      newestFirst(
        [...state().refunds.values()].filter(
          (one) => sees(visible, one.tenant) && (asked === '' || one.state === asked),
        ),
        page,
      ),
    async refund(visible, id) {
      const found = state().refunds.get(id);
      return found !== undefined && sees(visible, found.tenant) ? found : undefined;
    },
    openPayouts: async (page) =>
      cut(
        [...state().refunds.values()].filter((one) => one.state === 'requested' || one.state === 'approved'),
        page,
        (one) => one.id,
      ),
    credits: async (visible, page, reason) =>
      newestFirst(
        state().credits.filter((one) => sees(visible, one.tenant) && (reason === '' || one.reason === reason)),
        page,
      ),
  };
}

function sum(rows: readonly { amountMicros: bigint }[]): bigint {
  return rows.reduce((total, row) => total + row.amountMicros, 0n);
}

function sees(visible: Visible, tenant: Visible): boolean {
  return visible.accountId === tenant.accountId && visible.workspaceId === tenant.workspaceId;
}

export function cut<Row>(found: Row[], { limit }: PageQuery, keyOf: (row: Row) => string): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = found.length > limit;
  return { rows, hasMore, ...(hasMore && last !== undefined && { nextKey: keyOf(last) }) };
}
