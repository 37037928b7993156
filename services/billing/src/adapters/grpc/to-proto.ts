import type { Instant } from '@suanli/kernel';
import type {
  BillLine as BillLineMessage,
  Hold as HoldMessage,
  LedgerEntry as LedgerEntryMessage,
  Price as PriceMessage,
  Recharge as RechargeMessage,
  Wallet as WalletMessage,
} from '@suanli/proto/suanli/billing/v1/wallet.ts';
import type { PriceModel as PriceModelMessage } from '@suanli/proto/suanli/billing/v1/price_model.ts';
import type {
  HoldRefusal as HoldRefusalMessage,
  HoldResult as HoldResultMessage,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { HoldResult } from '../../app/holds/apply-hold-commands.ts';
import type { BillLineView, LedgerEntry } from '../../app/read-ports.ts';
import type { Hold, HoldRefusal } from '../../domain/hold/hold.ts';
import { availableMicros, type Wallet } from '../../domain/ledger/wallet.ts';
import type { Price } from '../../domain/price/price.ts';
import type { PriceModel } from '../../domain/price/price-model.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import { writeTenant } from '../proto-tenant.ts';

const at = (instant: Instant) => new Date(instant);

export function walletMessage(wallet: Wallet): WalletMessage {
  const { id, accountId, currency, postedMicros, pendingMicros, overdraftMicros, status, createdAt } = wallet;
  return {
    walletId: id,
    accountId,
    currency,
    postedMicros,
    pendingMicros,
    availableMicros: availableMicros(wallet),
    cashMicros: postedMicros - wallet.lotRemainingMicros,
    cashReservedMicros: pendingMicros - wallet.lotReservedMicros,
    creditMicros: wallet.lotRemainingMicros,
    creditReservedMicros: wallet.lotReservedMicros,
    overdraftMicros,
    status,
    createdAt: at(createdAt),
  };
}

export function rechargeMessage({ id, channel, amountMicros, currency, createdAt }: Recharge): RechargeMessage {
  return { rechargeId: id, channel, amountMicros, currency, createdAt: at(createdAt) };
}

export function ledgerEntryMessage(entry: LedgerEntry): LedgerEntryMessage {
  const { walletId, sequence, transferId, code, amountMicros, balanceAfterMicros, reference, createdAt } = entry;
  return {
    entryId: `${walletId}.${sequence}`,
    transferId,
    kind: code,
    amountMicros,
    balanceAfterMicros,
    reference,
    createdAt: at(createdAt),
  };
}

export function holdMessage(hold: Hold): HoldMessage {
  return {
    holdId: hold.id,
    status: hold.status,
    amountMicros: hold.amountMicros,
    capturedMicros: hold.capturedMicros,
    releasedMicros: hold.releasedMicros,
    purposeKind: hold.purpose.kind,
    purposeId: hold.purpose.id,
    expiresAt: at(hold.expiresAt),
    createdAt: at(hold.createdAt),
  };
}

export function holdResultMessage({ requestId, outcome }: HoldResult): HoldResultMessage {
  if (outcome.kind === 'held') return { requestId, outcome: { $case: 'hold', value: holdMessage(outcome.hold) } };
  return { requestId, outcome: { $case: 'refusal', value: refusalMessage(outcome.refusal) } };
}

function refusalMessage({ reason, missingMicros, budget, needs = [] }: HoldRefusal): HoldRefusalMessage {
  const resetsAt = budget?.resetsAt;
  return {
    reason,
    missingMicros,
    budget: budget && { ...budget, resetsAt: resetsAt === undefined ? undefined : at(resetsAt) },
    needs: [...needs],
  };
}

export function billLineMessage(line: BillLineView): BillLineMessage {
  const { id, tenant, sourceKind, sourceId, usageFrom, usageTo, updatedAt } = line;
  return {
    billLineId: id,
    tenant: writeTenant(tenant),
    resourceKind: sourceKind,
    resourceId: sourceId,
    meter: line.meter,
    region: line.region,
    item: line.item,
    quantity: line.quantity,
    amountMicros: line.amountMicros,
    currency: line.currency,
    priceId: line.priceId,
    priceVersion: line.priceVersion,
    priceAmountMicros: line.priceAmountMicros,
    pricePerQuantity: line.pricePerQuantity,
    usageIds: line.usageIds,
    holdId: line.holdId,
    usageFrom: at(usageFrom),
    usageTo: at(usageTo),
    updatedAt: at(updatedAt),
    writtenOffMicros: line.writtenOffMicros,
    discountId: line.discountId,
    discountBasisPoints: line.discountBasisPoints,
    period: line.period,
  };
}

export function priceMessage({ id, effectiveFrom, model, ...price }: Price): PriceMessage {
  return { ...price, model: modelMessage(model), priceId: id, effectiveFrom: at(effectiveFrom) };
}

function modelMessage(model: PriceModel): PriceModelMessage {
  const tiers = 'tiers' in model ? model.tiers : [];
  return {
    kind: model.kind,
    tiers: tiers.map(({ upTo, amountMicros, flatMicros = 0n }) => ({
      ...(upTo !== undefined && { upTo }),
      ...{ amountMicros, flatMicros },
    })),
  };
}
