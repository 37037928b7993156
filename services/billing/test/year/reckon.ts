import type { NewPrice } from '../../src/app/prices/publish-prices.ts';

/** Paper and pencil: what a quantity costs under one price after a discount, rounded down once. */
export function reckon({
  price,
  basisPoints,
  quantity,
}: {
  price: NewPrice;
  basisPoints: number;
  quantity: bigint;
}): bigint {
  const { numerator, denominator } = exact(price, quantity);
  return (numerator * BigInt(10_000 - basisPoints)) / (denominator * 10_000n);
}

function exact({ model, amountMicros, perQuantity }: NewPrice, quantity: bigint) {
  if (quantity === 0n) return { numerator: 0n, denominator: 1n };
  if (model === undefined || model.kind === 'unit')
    return { numerator: quantity * amountMicros, denominator: perQuantity };
  if (model.kind === 'flat') return { numerator: amountMicros, denominator: 1n };
  if (model.kind === 'package') {
    const begun = quantity % perQuantity === 0n ? quantity / perQuantity : quantity / perQuantity + 1n;
    return { numerator: begun * amountMicros, denominator: 1n };
  }
  if (model.kind === 'withdrawn') throw new Error('nothing is withdrawn in this year');
  let numerator = 0n;
  let floor = 0n;
  for (const tier of model.tiers) {
    const ceiling = tier.upTo ?? quantity;
    if (model.kind === 'volume') {
      if (quantity > floor && quantity <= ceiling) numerator = quantity * tier.amountMicros;
    } else if (quantity > floor) {
      const inTier = (quantity < ceiling ? quantity : ceiling) - floor;
      numerator += inTier * tier.amountMicros + (tier.flatMicros ?? 0n) * perQuantity;
    }
    floor = ceiling;
  }
  return { numerator, denominator: perQuantity };
}
