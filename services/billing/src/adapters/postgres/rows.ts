import type { TenantPath } from '@suanli/kernel';
import type { Hold, LotShare } from '../../domain/hold/hold.ts';
import type { Transfer, TransferCode } from '../../domain/ledger/transfer.ts';
import type { Standing } from '../../domain/arrears/standing.ts';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { Commitment } from '../../domain/price/commitment.ts';
import type { Price } from '../../domain/price/price.ts';
import type { PriceModel } from '../../domain/price/price-model.ts';
import type { Quote } from '../../domain/price/quote.ts';
import type { Discount } from '../../domain/price/rate.ts';
import type { BillLine } from '../../domain/rating/bill-line.ts';
import type { billLines, commitments, discounts, holds, prices, quotes, transfers, wallets } from './schema/index.ts';
import { fromTaggedJson, toTaggedJson } from './tagged-json.ts';

/** Between rows and the domain: times are instants there, absent things are absent, a tenant is one value. */

type TenantColumns = { accountId: string; subAccountId: string; workspaceId: string; principalId: string };

export function toTenant(row: TenantColumns): TenantPath {
  const { accountId, subAccountId, workspaceId, principalId } = row;
  return { accountId, ...(subAccountId !== '' && { subAccountId }), workspaceId, principalId };
}

export function fromTenant(tenant: TenantPath): TenantColumns {
  const { accountId, subAccountId = '', workspaceId, principalId } = tenant;
  return { accountId, subAccountId, workspaceId, principalId };
}

export function toWallet(row: typeof wallets.$inferSelect): Wallet {
  const { standingState, standingSince, standingNextAt, standingReason, standingVersion, createdAt, ...rest } = row;
  const standing: Standing = {
    state: standingState,
    ...(standingSince !== null && { since: standingSince.getTime() }),
    ...(standingNextAt !== null && { nextAt: standingNextAt.getTime() }),
    reason: standingReason,
    version: standingVersion,
  };
  return { ...rest, standing, createdAt: createdAt.getTime() };
}

export function toTransfer(row: typeof transfers.$inferSelect): Transfer {
  const { position: _, holdId, reversalOf, createdAt, code, ...rest } = row;
  return {
    ...rest,
    // Only this service writes transfers, and only with codes of its own.
    code: code as TransferCode,
    ...(holdId !== null && { holdId }),
    ...(reversalOf !== null && { reversalOf }),
    createdAt: createdAt.getTime(),
  };
}

export function fromTransfer(transfer: Transfer): typeof transfers.$inferInsert {
  const { id, kind, code, fromAccountId, toAccountId, amountMicros, reference } = transfer;
  return {
    ...{ id, kind, code, fromAccountId, toAccountId, amountMicros, reference },
    holdId: transfer.holdId ?? null,
    reversalOf: transfer.reversalOf ?? null,
    createdAt: new Date(transfer.createdAt),
  };
}

export function toHold(row: typeof holds.$inferSelect): Hold {
  return {
    id: row.id,
    walletId: row.walletId,
    tenant: toTenant(row),
    status: row.status,
    amountMicros: row.amountMicros,
    capturedMicros: row.capturedMicros,
    releasedMicros: row.releasedMicros,
    purpose: { kind: row.purposeKind, id: row.purposeId, epoch: row.purposeEpoch },
    scope: { product: row.scopeProduct, item: row.scopeItem, region: row.scopeRegion },
    ...(row.lotShares !== null && { lotShares: fromTaggedJson<LotShare[]>(row.lotShares) }),
    expiresAt: row.expiresAt.getTime(),
    releaseAt: row.releaseAt.getTime(),
    ...(row.awaitsUsageId !== null && { awaitsUsageId: row.awaitsUsageId }),
    ...(row.resolvedAt !== null && { resolvedAt: row.resolvedAt.getTime() }),
    version: row.version,
    createdAt: row.createdAt.getTime(),
  };
}

export function fromHold(hold: Hold): typeof holds.$inferInsert {
  const { tenant, purpose, scope, lotShares, ...rest } = hold;
  return {
    ...rest,
    ...fromTenant(tenant),
    purposeKind: purpose.kind,
    purposeId: purpose.id,
    purposeEpoch: purpose.epoch,
    scopeProduct: scope.product,
    scopeItem: scope.item,
    scopeRegion: scope.region,
    lotShares: lotShares === undefined ? null : toTaggedJson(lotShares),
    expiresAt: new Date(hold.expiresAt),
    releaseAt: new Date(hold.releaseAt),
    awaitsUsageId: hold.awaitsUsageId ?? null,
    resolvedAt: hold.resolvedAt === undefined ? null : new Date(hold.resolvedAt),
    createdAt: new Date(hold.createdAt),
  };
}

export function toPrice(row: typeof prices.$inferSelect): Price {
  return { ...row, model: fromTaggedJson<PriceModel>(row.model), effectiveFrom: row.effectiveFrom.getTime() };
}

export function toDiscount(row: typeof discounts.$inferSelect): Discount {
  return { ...row, effectiveFrom: row.effectiveFrom.getTime(), createdAt: row.createdAt.getTime() };
}

export function toCommitment({ untilMonth, ...row }: typeof commitments.$inferSelect): Commitment {
  return { ...row, ...(untilMonth !== null && { untilMonth }), createdAt: row.createdAt.getTime() };
}

export function toQuote(row: typeof quotes.$inferSelect): Quote {
  const { accountId, subAccountId, workspaceId, principalId, lines, validUntil, createdAt, ...rest } = row;
  return {
    ...rest,
    tenant: toTenant({ accountId, subAccountId, workspaceId, principalId }),
    lines: fromTaggedJson<Quote['lines']>(lines),
    validUntil: validUntil.getTime(),
    createdAt: createdAt.getTime(),
  };
}

export function toBillLine(row: typeof billLines.$inferSelect): BillLine {
  const { accountId, subAccountId, workspaceId, principalId, ...rest } = row;
  return {
    ...rest,
    tenant: toTenant({ accountId, subAccountId, workspaceId, principalId }),
    usageFrom: row.usageFrom.getTime(),
    usageTo: row.usageTo.getTime(),
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

export function fromBillLine(line: BillLine): typeof billLines.$inferInsert {
  const { tenant, ...rest } = line;
  return {
    ...rest,
    ...fromTenant(tenant),
    usageFrom: new Date(line.usageFrom),
    usageTo: new Date(line.usageTo),
    createdAt: new Date(line.createdAt),
    updatedAt: new Date(line.updatedAt),
  };
}
