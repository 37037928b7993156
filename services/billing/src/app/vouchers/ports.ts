import type { Instant } from '@suanli/kernel';
import type { Attempts } from '../../domain/voucher/attempts.ts';
import type { VoucherBatch, VoucherState } from '../../domain/voucher/voucher.ts';
import type { Page, PageQuery } from '../read-ports.ts';

/** Chance for new codes, and the hash by which they are kept: the code itself is never stored. */
export type VoucherCodes = { random(size: number): Uint8Array; hashOf(code: string): string };

export type Redemption = { codeHash: string; accountId: string; batchId: string; lotId: string; redeemedAt: Instant };

export interface VoucherStore {
  insert(batch: VoucherBatch, codeHashes: readonly string[]): Promise<void>;
  /** Locks a code until the transaction ends, and tells what became of it so far. */
  lock(codeHash: string, accountId: string): Promise<VoucherState | undefined>;
  redeem(redemption: Redemption): Promise<void>;
  /** False when there is no such batch; withdrawing twice changes nothing. */
  withdraw(batchId: string, now: Instant): Promise<boolean>;
  attempts(accountId: string): Promise<Attempts | undefined>;
  saveAttempts(accountId: string, attempts: Attempts): Promise<void>;
}

export type VoucherBatchView = VoucherBatch & { redemptions: number };

export interface VoucherReads {
  /** Newest first. */
  voucherBatches(page: PageQuery): Promise<Page<VoucherBatchView>>;
  voucherBatch(batchId: string): Promise<VoucherBatchView | undefined>;
}
