import { createIdSource, type Clock, type IdSource } from '@suanli/kernel';
import type { BillingDeps, BillingPolicy, Transact } from '../app/ports.ts';
import type { BillingReads, Page, PageQuery } from '../app/read-ports.ts';
import { developmentChannel } from '../adapters/channels/development-channel.ts';
import { voucherCodes } from '../adapters/voucher-codes.ts';
import { memoryCommerceReads } from './memory-commerce.ts';
import { memoryDocumentReads } from './memory-documents.ts';
import { memoryCreditReads } from './memory-credit.ts';
import { memoryRatingReads } from './memory-rating.ts';
import { memoryRechargeReads } from './memory-recharges.ts';
import { emptyState, type MemoryState } from './memory-state.ts';
import { KeyTaken, memoryStores } from './memory-stores.ts';

export const TEST_POLICY: BillingPolicy = {
  lateUsageMs: 60_000,
  lowBalanceMicros: 1_000n,
  arrears: { warnedMs: 86_400_000, graceMs: 2 * 86_400_000, suspendedMs: 15 * 86_400_000 },
};
export const TEST_CHANNELS: BillingDeps['channels'] = new Map([[developmentChannel.name, developmentChannel]]);

/** Ids in the order in which they were made, so that failures read well. */
export function countingIds(clock: Clock): IdSource {
  let made = 0;
  return createIdSource(
    () => clock.now(),
    (size) => {
      made += 1;
      return Uint8Array.from({ length: size }, (_, index) =>
        Number((BigInt(made) >> BigInt(8 * (size - 1 - index))) & 255n),
      );
    },
  );
}

/** Billing on plain values. Transactions take turns, and one that throws leaves nothing. */
export function memoryBilling(clock: Clock): { deps: BillingDeps; state: () => MemoryState } {
  let state = emptyState();
  let turn: Promise<unknown> = Promise.resolve();
  const transact: Transact = (work) => {
    const mine = turn.then(async () => {
      const copy = structuredClone(state);
      const result = await work(memoryStores(copy));
      state = copy;
      return result;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const reads = memoryReads(() => state);
  const isUnavailable = () => false;
  const isTaken = (error: unknown) => error instanceof KeyTaken;
  const deps = {
    transact,
    reads,
    isUnavailable,
    isTaken,
    clock,
    ids: countingIds(clock),
    policy: TEST_POLICY,
    voucherCodes,
    channels: TEST_CHANNELS,
  };
  return { deps, state: () => state };
}

function memoryReads(state: () => MemoryState): BillingReads {
  const newestFirst = <Row extends { id: string }>(rows: Row[], page: PageQuery): Page<Row> => {
    const sorted = rows
      .filter((row) => page.after === undefined || row.id < page.after)
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    return cut(sorted, page, (row) => row.id);
  };
  return {
    ...memoryCommerceReads(state),
    ...memoryDocumentReads(state),
    ...memoryRechargeReads(state),
    ...memoryRatingReads(state),
    ...memoryCreditReads(state),
    wallet: async (accountId) => [...state().wallets.values()].find((wallet) => wallet.accountId === accountId),
    async ledgerEntries(walletId, page) {
      const mine = state().entries.filter((entry) => entry.accountId === walletId && entry.postedMicros !== 0n);
      const views = mine.map(({ transfer, sequence, postedMicros, afterMicros }) => ({
        walletId,
        sequence,
        transferId: transfer.id,
        code: transfer.code,
        amountMicros: postedMicros,
        balanceAfterMicros: afterMicros,
        reference: transfer.reference,
        createdAt: transfer.createdAt,
      }));
      const before = views.filter((view) => page.after === undefined || view.sequence < BigInt(page.after)).reverse();
      return cut(before, page, (view) => view.sequence.toString());
    },
    transfer: async (transferId) => state().transfers.find((transfer) => transfer.id === transferId),
    holds: async (visible, page, status) =>
      newestFirst(
        [...state().holds.values()].filter(
          (hold) => sees(visible, hold.tenant) && (status === '' || hold.status === status),
        ),
        page,
      ),
    hold: async (holdId) => state().holds.get(holdId),
    billLines: async (visible, page, resourceId) =>
      newestFirst(
        views(state()).filter(
          (line) => sees(visible, line.tenant) && (resourceId === '' || line.sourceId === resourceId),
        ),
        page,
      ),
    billLine: async (visible, id) => views(state()).find((line) => line.id === id && sees(visible, line.tenant)),
  };
}

function views(state: MemoryState) {
  return [...state.billLines.values()].map((line) => ({
    ...line,
    usageIds: state.charges.filter((charge) => charge.billLineId === line.id).map((charge) => charge.usageId),
  }));
}

function sees(
  visible: { accountId: string; workspaceId: string },
  tenant: { accountId: string; workspaceId: string },
): boolean {
  return visible.accountId === tenant.accountId && visible.workspaceId === tenant.workspaceId;
}

function cut<Row>(found: Row[], { limit }: PageQuery, keyOf: (row: Row) => string): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    hasMore: found.length > limit,
    ...(found.length > limit && last !== undefined && { nextKey: keyOf(last) }),
  };
}
