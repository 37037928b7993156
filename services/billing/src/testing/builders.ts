import type { TenantPath } from '@suanli/kernel';
import type { NewPrice } from '../app/prices/publish-prices.ts';
import { GOOD_STANDING } from '../domain/arrears/standing.ts';
import type { Hold } from '../domain/hold/hold.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import { ANYTHING, type Lot } from '../domain/lot/lot.ts';
import type { Usage } from '../domain/rating/usage.ts';

/** Values that are right in every way, for tests to change the one thing they are about. */

export const NOW = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;

export function aTenantPath(accountId = 'acc_1'): TenantPath {
  return { accountId, workspaceId: `wsp_of_${accountId}`, principalId: `key_of_${accountId}` };
}

export function aWallet(changes: Partial<Wallet> = {}): Wallet {
  return {
    id: 'wlt_1',
    accountId: 'acc_1',
    currency: 'CNY',
    postedMicros: 0n,
    pendingMicros: 0n,
    lotRemainingMicros: 0n,
    lotReservedMicros: 0n,
    lotCount: 0,
    overdraftMicros: 0n,
    status: 'active',
    level: 'exhausted',
    standing: GOOD_STANDING,
    hasBudgets: false,
    hasDebt: false,
    sequence: 0n,
    createdAt: NOW,
    ...changes,
  };
}

export function aHold(changes: Partial<Hold> = {}): Hold {
  return {
    id: 'hld_1',
    walletId: 'wlt_1',
    tenant: aTenantPath(),
    status: 'active',
    amountMicros: 100n,
    capturedMicros: 0n,
    releasedMicros: 0n,
    purpose: { kind: 'job', id: 'job_1', epoch: 1 },
    scope: { product: 'job', item: '', region: '' },
    expiresAt: NOW + HOUR_MS,
    releaseAt: NOW + HOUR_MS,
    version: 1n,
    createdAt: NOW,
    ...changes,
  };
}

export function aLot(changes: Partial<Lot> = {}): Lot {
  return {
    id: 'lot_1',
    walletId: 'wlt_1',
    accountId: 'acc_1',
    kind: 'promotional',
    priority: 10,
    effectiveAt: NOW,
    applicability: ANYTHING,
    grantedMicros: 10n,
    remainingMicros: 10n,
    reservedMicros: 0n,
    brokenMicros: 0n,
    reason: 'a gift',
    reference: 'operator',
    createdAt: NOW,
    ...changes,
  };
}

/** 7 micros for 3 units: a price at which rounding shows. */
export const ODD_PRICE: NewPrice = {
  meter: 'gpu_time',
  region: '',
  item: '*',
  amountMicros: 7n,
  perQuantity: 3n,
  display: '',
  effectiveFrom: 0,
};

export function aUsage(changes: Partial<Usage> = {}): Usage {
  return {
    usageId: 'use_1',
    tenant: aTenantPath(),
    source: { kind: 'job', id: 'job_1', epoch: 1 },
    costKey: '',
    readings: [{ meter: 'gpu_time', quantity: 3n }],
    region: 'cn-shanghai',
    item: 'gpu.a100-80g',
    from: NOW,
    to: NOW + 1_000,
    isFinal: false,
    ...changes,
  };
}
