import type { BillingStores } from '../app/ports.ts';
import type { PricingReads } from '../app/prices/read-ports.ts';
import type { RatingReads } from '../app/rating/read-ports.ts';
import type { Commitment } from '../domain/price/commitment.ts';
import { covers, findPrice, type Price, priceKeyOf } from '../domain/price/price.ts';
import type { Quote } from '../domain/price/quote.ts';
import type { Discount } from '../domain/price/rate.ts';
import { type BillLine, type PeriodTotal, totalKeyOf, totalKeyOfLine } from '../domain/rating/bill-line.ts';
import type { Charge } from '../domain/rating/charge.ts';
import { type ChargedPart, type KnownUsage, partOf, sumOfParts } from '../domain/rating/facts.ts';
import { type Fence, fenceKeyOf } from '../domain/rating/fence.ts';
import type { ParkReason } from '../domain/rating/usage.ts';
import type { MemoryState } from './memory-state.ts';

export type StoredUsage = KnownUsage & {
  reason?: ParkReason;
  waitsFor: string;
  attempts: number;
  chargeCount: number;
  refusedQuantity: bigint;
};

/** What pricing and rating keep. */
export type RatingMemory = {
  prices: Price[];
  discounts: Discount[];
  commitments: Commitment[];
  quotes: Map<string, Quote>;
  fences: Map<string, Fence>;
  usage: Map<string, StoredUsage>;
  charges: Charge[];
  billLines: Map<string, BillLine>;
  totals: Map<string, PeriodTotal>;
};

export function emptyRatingMemory(): RatingMemory {
  return {
    prices: [],
    discounts: [],
    commitments: [],
    quotes: new Map(),
    fences: new Map(),
    usage: new Map(),
    charges: [],
    billLines: new Map(),
    totals: new Map(),
  };
}

type RatingStores = Pick<BillingStores, 'prices' | 'quotes' | 'commitments' | 'usage' | 'billLines' | 'fences'>;

export function memoryRating(state: MemoryState): RatingStores {
  return {
    prices: {
      book: async () => ({ prices: state.prices, discounts: state.discounts }),
      versions: async () => state.prices,
      ofIds: async (ids) => state.prices.filter((price) => ids.includes(price.id)),
      isEmpty: async () => !state.prices.some((price) => price.meter !== 'minimum_commit'),
      lockBook: async () => undefined,
      async insert(prices) {
        state.prices.push(...prices.filter(({ id }) => !state.prices.some((one) => one.id === id)));
      },
      async insertDiscount(discount) {
        state.discounts.push(discount);
      },
      async ratedUntil(of) {
        const until = new Map<string, number>();
        for (const key of of) {
          const rated = [...state.billLines.values()].filter((line) =>
            covers(key, { ...line, accountId: line.tenant.accountId }),
          );
          if (rated.length > 0) until.set(priceKeyOf(key), Math.max(...rated.map((line) => line.usageTo)));
        }
        return until;
      },
    },
    quotes: {
      async insert(quote) {
        state.quotes.set(quote.id, quote);
      },
      find: async (ids) => [...new Set(ids)].flatMap((id) => state.quotes.get(id) ?? []),
    },
    commitments: {
      async insert(commitment) {
        state.commitments.push(commitment);
      },
      ofAccount: async (accountId) => state.commitments.filter((one) => one.accountId === accountId),
      ofMonth: async (month, { afterId, limit }) =>
        state.commitments
          .filter((one) => one.fromMonth <= month && month <= (one.untilMonth ?? month) && one.id > afterId)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit),
      spentIn: async (month, accountId) =>
        state.charges
          .filter((charge) => charge.day.startsWith(month) && charge.meter !== 'minimum_commit')
          .filter((charge) => state.billLines.get(charge.billLineId)?.tenant.accountId === accountId)
          .reduce((sum, charge) => sum + charge.amountMicros - charge.writtenOffMicros, 0n),
    },
    fences: {
      async insert(fence) {
        const key = fenceKeyOf(fence);
        if (!state.fences.has(key)) state.fences.set(key, fence);
      },
      ofUsages: async () => [...state.fences.values()],
    },
    usage: memoryUsage(state),
    billLines: {
      ofResources: async (usages, periods) =>
        [...state.billLines.values()].filter(
          (line) =>
            (line.period === '' || periods.includes(line.period)) &&
            usages.some(
              ({ tenant, source }) =>
                tenant.accountId === line.tenant.accountId &&
                source.kind === line.sourceKind &&
                source.id === line.sourceId,
            ),
        ),
      async withTotals(lineIds) {
        const lines = [...new Set(lineIds)].flatMap((id) => state.billLines.get(id) ?? []);
        const keys = new Set(lines.map(totalKeyOfLine));
        return { lines, totals: [...state.totals.values()].filter((total) => keys.has(totalKeyOf(total))) };
      },
      async save(lines) {
        for (const line of lines) state.billLines.set(line.id, line);
      },
      totals: async ({ accountIds, priceIds, periods }) =>
        [...state.totals.values()].filter(
          (total) =>
            accountIds.includes(total.accountId) && priceIds.includes(total.priceId) && periods.includes(total.period),
        ),
      async saveTotals(totals) {
        for (const total of totals) state.totals.set(totalKeyOf(total), total);
      },
    },
  };
}

function memoryUsage(state: MemoryState): BillingStores['usage'] {
  const parked = () =>
    [...state.usage.values()]
      .filter((one) => one.state === 'parked')
      .sort((a, b) => (a.usage.usageId < b.usage.usageId ? -1 : 1));
  return {
    find: async (ids, names = []) => ({
      known: ids.flatMap((usageId) => state.usage.get(usageId) ?? []),
      waiting: parked().flatMap(({ usage, waitsFor }) => (names.includes(waitsFor) ? [usage] : [])),
    }),
    charged: async (factIds) => chargedParts(state, factIds),
    ratedAfter: async (accountId, fence) =>
      [...state.usage.values()].filter(
        ({ usage, state: known, supersededBy }) =>
          known === 'rated' &&
          supersededBy === undefined &&
          usage.tenant.accountId === accountId &&
          usage.to > fence.fencedAt &&
          fenceKeyOf(fence) ===
            fenceKeyOf({ sourceKind: usage.source.kind, sourceId: usage.source.id, epoch: usage.source.epoch }),
      ),
    async saveRated(rated) {
      for (const { usage, charges, factId, revision, refusedQuantity } of rated) {
        const before = state.usage.get(usage.usageId);
        state.usage.set(usage.usageId, {
          ...{ usage, factId, revision, refusedQuantity, waitsFor: '' },
          state: 'rated',
          attempts: before?.attempts ?? 1,
          chargeCount: (before?.chargeCount ?? 0) + charges.length,
        });
        const corrected = state.usage.get(usage.correctsUsageId ?? '');
        if (corrected !== undefined) {
          state.usage.set(corrected.usage.usageId, { ...corrected, supersededBy: usage.usageId });
        }
        state.charges.push(...charges.map((one) => one.charge));
      }
    },
    async park(waiting) {
      for (const { usage, reason, waitsFor } of waiting) {
        const before = state.usage.get(usage.usageId);
        if (before?.state === 'rated') continue;
        const nothing = { factId: '', revision: 0, chargeCount: 0, refusedQuantity: 0n };
        const attempts = (before?.attempts ?? 0) + 1;
        state.usage.set(usage.usageId, { usage, state: 'parked', reason, waitsFor, attempts, ...nothing });
      }
    },
    parked: async (ids) => parked().flatMap(({ usage }) => (ids.includes(usage.usageId) ? [usage] : [])),
    parkedIds: async (limit) =>
      parked()
        .map((one) => one.usage.usageId)
        .slice(0, limit),
    waitingFor: async (names, limit) =>
      parked()
        .filter((one) => names.includes(one.waitsFor))
        .map((one) => one.usage)
        .slice(0, limit),
    curable: async (limit) =>
      parked()
        .filter((one) => isCurable(state, one))
        .map((one) => one.usage)
        .slice(0, limit),
  };
}

function isCurable(state: MemoryState, { reason, usage }: StoredUsage): boolean {
  const { holdId = '', quoteId = '', tenant } = usage;
  if (reason === 'hold_not_found') return state.holds.has(holdId);
  if (reason === 'quote_not_found') return state.quotes.has(quoteId);
  return reason === 'wallet_not_found' && [...state.wallets.values()].some((one) => one.accountId === tenant.accountId);
}

function chargedParts(state: MemoryState, factIds: readonly string[]): ChargedPart[] {
  const parts = new Map<string, ChargedPart>();
  for (const charge of state.charges.filter((one) => factIds.includes(one.factId))) {
    const key = `${charge.factId} ${charge.billLineId} ${charge.day}`;
    const creditedMicros = charge.creditedMicros + (state.creditedCharges.get(charge.id)?.amountMicros ?? 0n);
    const part = { ...partOf(charge, charge.factId), creditedMicros };
    const before = parts.get(key);
    parts.set(key, before === undefined ? part : sumOfParts(before, part));
  }
  return [...parts.values()];
}

export function memoryRatingReads(state: () => MemoryState): PricingReads & RatingReads {
  return {
    pricesAt: async (at) => {
      const rows = state().prices.filter((price) => findPrice(state().prices, price, at)?.id === price.id);
      return { rows, hasMore: false };
    },
    priceVersions: async () => ({ rows: state().prices, hasMore: false }),
    book: async () => ({ prices: state().prices, discounts: state().discounts }),
    discounts: async (accountId) => state().discounts.filter((one) => one.accountId === accountId),
    commitments: async (accountId) => state().commitments.filter((one) => one.accountId === accountId),
    quote: async (visible, quoteId) => {
      const quote = state().quotes.get(quoteId);
      return quote?.tenant.accountId === visible.accountId ? quote : undefined;
    },
    parkedUsage: async (filter) => {
      const rows = [...state().usage.values()].flatMap(({ usage, state: known, reason, waitsFor, attempts }) =>
        known === 'parked' && reason !== undefined && (filter.reason === '' || filter.reason === reason)
          ? [
              {
                usageId: usage.usageId,
                accountId: usage.tenant.accountId,
                reason,
                waitsFor,
                attempts,
                parkedAt: 0,
                usage,
              },
            ]
          : [],
      );
      return { rows, hasMore: false };
    },
    parkedUsageCount: async () => [...state().usage.values()].filter((one) => one.state === 'parked').length,
    evidence: async (visible, billLineId) => {
      const line = state().billLines.get(billLineId);
      const price = state().prices.find((one) => one.id === line?.priceId);
      if (line === undefined || price === undefined || line.tenant.accountId !== visible.accountId) return undefined;
      const charges = state().charges.filter((charge) => charge.billLineId === billLineId);
      const usageIds = new Set(charges.map((charge) => charge.usageId));
      return {
        line,
        charges,
        usages: [...state().usage.values()].map((one) => one.usage).filter((usage) => usageIds.has(usage.usageId)),
        price,
        discount: state().discounts.find((one) => one.id === line.discountId),
        holds: [...state().holds.values()].filter((hold) => hold.id === line.holdId),
        transfers: state().transfers.filter((transfer) => transfer.reference === line.id),
        total: state().totals.get(totalKeyOfLine(line) ?? ''),
        moreCharges: 0,
      };
    },
  };
}
