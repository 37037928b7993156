import type { Lot } from '../../../domain/lot/lot.ts';
import type { creditLots } from '../schema/index.ts';

export function toLot(row: typeof creditLots.$inferSelect): Lot {
  const { products, items, regions, effectiveAt, expiresAt, createdAt, warnedAt: _, ...rest } = row;
  return {
    ...rest,
    applicability: { products, items, regions },
    effectiveAt: effectiveAt.getTime(),
    ...(expiresAt !== null && { expiresAt: expiresAt.getTime() }),
    createdAt: createdAt.getTime(),
  };
}

export function fromLot(lot: Lot) {
  const { applicability, expiresAt } = lot;
  return {
    ...lot,
    products: [...applicability.products],
    items: [...applicability.items],
    regions: [...applicability.regions],
    effectiveAt: new Date(lot.effectiveAt),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
    createdAt: new Date(lot.createdAt),
  };
}
