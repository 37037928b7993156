/** The formulas of docs/api/billing/pricing.md once more, apart from the code that makes bills: an auditor trusts neither. */

export type PriceView = {
  id: string;
  amount_micros: string;
  per_quantity: string;
  model: { kind: string; tiers?: { up_to?: string; amount_micros: string; flat_micros: string }[] };
};

const TEN_THOUSAND = 10_000n;

/** What a whole quantity costs in micro-yuan, after the discount, rounded down once. */
export function priceByHand(price: PriceView, quantity: bigint, basisPointsOff: number): bigint {
  if (quantity === 0n) return 0n;
  const per = BigInt(price.per_quantity);
  const share = TEN_THOUSAND - BigInt(basisPointsOff);
  const amount = BigInt(price.amount_micros);
  switch (price.model.kind) {
    case 'unit':
      return (quantity * amount * share) / (per * TEN_THOUSAND);
    case 'graduated':
      return (graduated(price, quantity) * share) / (per * TEN_THOUSAND);
    case 'volume':
      return (volume(price, quantity) * share) / (per * TEN_THOUSAND);
    case 'package': {
      const begun = quantity / per + (quantity % per > 0n ? 1n : 0n);
      return (begun * amount * share) / TEN_THOUSAND;
    }
    case 'flat':
      return (amount * share) / TEN_THOUSAND;
    default:
      throw new Error(`the guide has no formula for a price of kind ${price.model.kind}`);
  }
}

function graduated({ per_quantity: per, model: { tiers = [] } }: PriceView, quantity: bigint): bigint {
  let below = 0n;
  let sum = 0n;
  for (const tier of tiers) {
    const end = tier.up_to === undefined || BigInt(tier.up_to) > quantity ? quantity : BigInt(tier.up_to);
    if (end <= below) break;
    sum += (end - below) * BigInt(tier.amount_micros) + BigInt(tier.flat_micros) * BigInt(per);
    below = end;
  }
  return sum;
}

function volume({ per_quantity: per, model: { tiers = [] } }: PriceView, quantity: bigint): bigint {
  const tier = tiers.find(({ up_to: end }) => end === undefined || BigInt(end) >= quantity);
  if (tier === undefined) throw new Error('a price by volume has no tier for this');
  return quantity * BigInt(tier.amount_micros) + BigInt(tier.flat_micros) * BigInt(per);
}
