import { invariant } from '@suanli/kernel';
import type { LotMovement, LotReads, LotStore } from '../app/lots/ports.ts';
import type { Page, PageQuery } from '../app/read-ports.ts';
import type { Redemption, VoucherReads, VoucherStore } from '../app/vouchers/ports.ts';
import { legsOf, type Transfer } from '../domain/ledger/transfer.ts';
import { withLotMoved } from '../domain/ledger/wallet.ts';
import type { CreditSpent } from '../domain/lot/credit-spent.ts';
import { freeMicros, type Lot, lotStatus, withPart } from '../domain/lot/lot.ts';
import type { Attempts } from '../domain/voucher/attempts.ts';
import type { VoucherBatch } from '../domain/voucher/voucher.ts';
import type { MemoryState } from './memory-state.ts';

/** What the stores of credit keep. */
export type CreditState = {
  lots: Map<string, Lot>;
  warnedLots: Set<string>;
  voucherBatches: Map<string, VoucherBatch>;
  voucherCodes: Map<string, { batchId: string; redemptions: number }>;
  redemptions: Redemption[];
  voucherAttempts: Map<string, Attempts>;
};

export function emptyCreditState(): CreditState {
  return {
    lots: new Map(),
    warnedLots: new Set(),
    voucherBatches: new Map(),
    voucherCodes: new Map(),
    redemptions: [],
    voucherAttempts: new Map(),
  };
}

/** What the triggers do: the parts of a transfer move their lots, and the wallet's sums of lots. */
export function moveLots(state: MemoryState, transfer: Transfer): void {
  for (const { lotId, amountMicros } of transfer.lotParts ?? []) {
    const before = state.lots.get(lotId);
    const wallet = before && state.wallets.get(before.walletId);
    invariant(before !== undefined && wallet !== undefined, `lot ${lotId} is there`);
    const after = withPart(before, transfer, amountMicros);
    state.lots.set(lotId, after);
    state.wallets.set(wallet.id, withLotMoved(wallet, before, after));
  }
}

export function memoryLots(state: MemoryState): LotStore {
  const all = () => [...state.lots.values()];
  const expiringFirst = (one: Lot, other: Lot) => (one.expiresAt ?? 0) - (other.expiresAt ?? 0);
  return {
    funded: async (walletIds) => all().filter((lot) => walletIds.includes(lot.walletId) && lot.remainingMicros > 0n),
    find: async (lotIds) => all().filter((lot) => lotIds.includes(lot.id)),
    async insert(lots) {
      for (const lot of lots) {
        // The lot that is written is empty: the transfers of its batch come after it.
        state.lots.set(lot.id, { ...lot, remainingMicros: 0n, reservedMicros: 0n, brokenMicros: 0n });
        const wallet = state.wallets.get(lot.walletId);
        invariant(wallet !== undefined, `wallet ${lot.walletId} is there`);
        state.wallets.set(wallet.id, { ...wallet, lotCount: wallet.lotCount + 1 });
      }
    },
    async spentOn(references, totals = []) {
      const sharers = totals.flatMap(({ reference, accountId, priceId, discountId, period }) =>
        [...state.billLines.values()]
          .filter((line) => line.tenant.accountId === accountId && line.priceId === priceId)
          .filter((line) => line.discountId === discountId && line.period === period)
          .map((line) => ({ reference: line.id, group: reference })),
      );
      const wanted = [...references.map((reference) => ({ reference })), ...sharers];
      const spent = wanted.flatMap((one) => creditOf(state, one));
      return { spent, lots: all().filter((lot) => spent.some((one) => one.lotId === lot.id)) };
    },
    findExpired: async (now, limit) =>
      all()
        .filter((lot) => lot.expiresAt !== undefined && lot.expiresAt <= now && freeMicros(lot) > 0n)
        .sort(expiringFirst)
        .slice(0, limit),
    findToWarn: async (until, limit) =>
      all()
        .filter((lot) => lot.expiresAt !== undefined && lot.expiresAt <= until && lot.remainingMicros > 0n)
        .filter((lot) => !state.warnedLots.has(lot.id))
        .sort(expiringFirst)
        .slice(0, limit),
    async markWarned(lotIds) {
      for (const lotId of lotIds) state.warnedLots.add(lotId);
    },
  };
}

function creditOf(state: MemoryState, wanted: { reference: string; group?: string }): CreditSpent[] {
  const payments = state.transfers
    .filter((transfer) => transfer.reference === wanted.reference)
    .filter(({ kind }) => kind !== 'pending' && kind !== 'void_pending');
  return payments.flatMap(({ toAccountId, lotParts = [] }) =>
    lotParts.map(({ lotId, amountMicros }) => {
      const isBack = state.lots.get(lotId)?.walletId === toAccountId;
      return { ...wanted, lotId, amountMicros: isBack ? -amountMicros : amountMicros };
    }),
  );
}

export function memoryVouchers(state: MemoryState): VoucherStore {
  return {
    async insert(batch, codeHashes) {
      state.voucherBatches.set(batch.id, batch);
      for (const hash of codeHashes) state.voucherCodes.set(hash, { batchId: batch.id, redemptions: 0 });
    },
    async lock(codeHash, accountId) {
      const code = state.voucherCodes.get(codeHash);
      const batch = code && state.voucherBatches.get(code.batchId);
      if (code === undefined || batch === undefined) return undefined;
      const mine = state.redemptions.filter((one) => one.accountId === accountId && one.batchId === batch.id);
      return {
        batch,
        redemptions: code.redemptions,
        isRedeemedByAccount: mine.some((one) => one.codeHash === codeHash),
        redemptionsByAccount: mine.length,
      };
    },
    async redeem(redemption) {
      const code = state.voucherCodes.get(redemption.codeHash);
      invariant(code !== undefined, 'a code is redeemed that is there');
      code.redemptions += 1;
      state.redemptions.push(redemption);
    },
    async withdraw(batchId, now) {
      const batch = state.voucherBatches.get(batchId);
      if (batch !== undefined) state.voucherBatches.set(batchId, { withdrawnAt: now, ...batch });
      return batch !== undefined;
    },
    attempts: async (accountId) => state.voucherAttempts.get(accountId),
    async saveAttempts(accountId, attempts) {
      state.voucherAttempts.set(accountId, attempts);
    },
  };
}

export function memoryCreditReads(state: () => MemoryState): LotReads & VoucherReads {
  const newestFirst = <Row extends { id: string }>(rows: Row[], { limit, after }: PageQuery): Page<Row> => {
    const sorted = rows.filter((row) => after === undefined || row.id < after).sort((a, b) => (a.id < b.id ? 1 : -1));
    const last = sorted[limit - 1];
    const hasMore = sorted.length > limit;
    return { rows: sorted.slice(0, limit), hasMore, ...(hasMore && last !== undefined && { nextKey: last.id }) };
  };
  const batches = () =>
    [...state().voucherBatches.values()].map((batch) => ({
      ...batch,
      redemptions: state().redemptions.filter((one) => one.batchId === batch.id).length,
    }));
  return {
    lots: async ({ accountId, status, now }, page) => {
      const mine = [...state().lots.values()].filter((lot) => lot.accountId === accountId);
      return newestFirst(
        mine.filter((lot) => status === '' || lotStatus(lot, now) === status),
        page,
      );
    },
    lot: async (accountId, lotId) => {
      const lot = state().lots.get(lotId);
      return lot?.accountId === accountId ? lot : undefined;
    },
    lotMovements: async (lotId, { limit }) => {
      const rows = state().transfers.flatMap((transfer) => movementsOf(transfer, state().lots.get(lotId)));
      return { rows: rows.reverse().slice(0, limit), hasMore: rows.length > limit };
    },
    voucherBatches: async (page) => newestFirst(batches(), page),
    voucherBatch: async (batchId) => batches().find((batch) => batch.id === batchId),
  };
}

function movementsOf(transfer: Transfer, lot: Lot | undefined): LotMovement[] {
  const part = transfer.lotParts?.find((one) => one.lotId === lot?.id);
  if (part === undefined || lot === undefined) return [];
  const leg = legsOf({ ...transfer, amountMicros: part.amountMicros }).find((one) => one.accountId === lot.walletId);
  const { id: transferId, code, reference, holdId, createdAt } = transfer;
  const moved = { remainingMicros: leg?.postedMicros ?? 0n, reservedMicros: -(leg?.pendingMicros ?? 0n) };
  return [{ transferId, code, ...moved, reference, ...(holdId !== undefined && { holdId }), createdAt }];
}
