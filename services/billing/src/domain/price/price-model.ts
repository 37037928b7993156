import { MAX_MICROS, type Micros } from '@suanli/kernel';

/**
 * How a price turns a quantity into money. `unit`: so much per so many. The others look at everything that the account
 * used of it in a calendar month: `graduated` prices each part by the tier it falls in, `volume` prices the whole by the
 * tier that the whole falls in, `package` sells begun packages, `flat` costs once however much is used, `withdrawn`
 * takes the thing off the book.
 */
export type PriceModel =
  | { kind: 'unit' }
  | { kind: 'graduated' | 'volume'; tiers: readonly Tier[] }
  | { kind: 'package' }
  | { kind: 'flat' }
  | { kind: 'withdrawn' };

/** Up to and with `upTo` base units; the last tier has no end. `amountMicros` is for the price's `perQuantity`. */
export type Tier = { upTo?: bigint; amountMicros: Micros; flatMicros?: Micros };

export const UNIT: PriceModel = { kind: 'unit' };
export const MAX_TIERS = 20;
/** A discount of everything. */
export const FULL_BASIS_POINTS = 10_000;

/** What the arithmetic needs of a price. */
export type Priceable = { model: PriceModel; amountMicros: Micros; perQuantity: bigint };
/** An exact amount before rounding: micros = numerator ÷ denominator. */
export type Exact = { numerator: bigint; denominator: bigint };

/** Whether the whole month counts: then what an event costs depends on what was used before it. */
export function isCumulative({ kind }: PriceModel): boolean {
  return kind !== 'unit';
}

/** What `quantity` costs, exactly; nothing costs nothing. */
export function exactAmount(price: Priceable, quantity: bigint): Exact {
  const { model, amountMicros, perQuantity } = price;
  if (quantity === 0n) return { numerator: 0n, denominator: 1n };
  switch (model.kind) {
    case 'unit':
      return { numerator: quantity * amountMicros, denominator: perQuantity };
    case 'graduated':
      return { numerator: graduated(model.tiers, perQuantity, quantity), denominator: perQuantity };
    case 'volume':
      return { numerator: volume(model.tiers, perQuantity, quantity), denominator: perQuantity };
    case 'package':
      return { numerator: packagesOf(quantity, perQuantity) * amountMicros, denominator: 1n };
    case 'flat':
      return { numerator: amountMicros, denominator: 1n };
    case 'withdrawn':
      return { numerator: 0n, denominator: 1n };
  }
}

/** The amount after a discount, rounded down once: rounding is in the customer's favour. */
export function amountOf(price: Priceable, quantity: bigint, discountBasisPoints = 0): Micros {
  const { numerator, denominator } = exactAmount(price, quantity);
  const paid = BigInt(FULL_BASIS_POINTS - discountBasisPoints);
  return (numerator * paid) / (denominator * BigInt(FULL_BASIS_POINTS));
}

/** What `quantity` more can cost at most, whatever was used before: a hold of this always covers the charge. */
export function ceilingOf(price: Priceable, quantity: bigint): Micros {
  const { model, amountMicros, perQuantity } = price;
  if (quantity === 0n) return 0n;
  switch (model.kind) {
    case 'unit':
      return ceil(quantity * amountMicros, perQuantity);
    case 'graduated':
    case 'volume': {
      const flats = model.tiers.reduce((sum, tier) => sum + (tier.flatMicros ?? 0n), 0n);
      return ceil(quantity * dearestMicros(price), perQuantity) + flats + volumeStep(price);
    }
    case 'package':
    case 'flat':
    case 'withdrawn':
      return amountOf(price, quantity);
  }
}

/** The dearest that `perQuantity` base units can be. */
export function dearestMicros({ model, amountMicros }: Priceable): Micros {
  if (model.kind !== 'graduated' && model.kind !== 'volume') return amountMicros;
  return model.tiers.reduce((most, tier) => (tier.amountMicros > most ? tier.amountMicros : most), 0n);
}

export type ModelProblem =
  | 'tiers_missing'
  | 'too_many_tiers'
  | 'tiers_out_of_order'
  | 'last_tier_has_an_end'
  | 'amount_out_of_range'
  | 'per_quantity_out_of_range';

/** What is wrong with a price before it goes into the book. */
export function problemOf({ model, amountMicros, perQuantity }: Priceable): ModelProblem | undefined {
  if (perQuantity <= 0n || perQuantity > MAX_MICROS) return 'per_quantity_out_of_range';
  if (!isAmount(amountMicros)) return 'amount_out_of_range';
  if (model.kind !== 'graduated' && model.kind !== 'volume') return undefined;
  const { tiers } = model;
  if (tiers.length === 0) return 'tiers_missing';
  if (tiers.length > MAX_TIERS) return 'too_many_tiers';
  let before = 0n;
  for (const [index, { upTo, amountMicros: tierMicros, flatMicros = 0n }] of tiers.entries()) {
    if (!isAmount(tierMicros) || !isAmount(flatMicros)) return 'amount_out_of_range';
    const isLast = index === tiers.length - 1;
    if (isLast !== (upTo === undefined)) return isLast ? 'last_tier_has_an_end' : 'tiers_out_of_order';
    if (upTo !== undefined && upTo <= before) return 'tiers_out_of_order';
    before = upTo ?? before;
  }
  return undefined;
}

export type TierPart = { tier: Tier; quantity: bigint };

/** How much of `quantity` falls in each tier that it reaches. */
export function graduatedParts(tiers: readonly Tier[], quantity: bigint): TierPart[] {
  const parts: TierPart[] = [];
  let from = 0n;
  for (const tier of tiers) {
    if (quantity <= from) break;
    const to = tier.upTo === undefined || quantity < tier.upTo ? quantity : tier.upTo;
    parts.push({ tier, quantity: to - from });
    from = to;
  }
  return parts;
}

/** The tier that the whole quantity falls in. */
export function volumeTier(tiers: readonly Tier[], quantity: bigint): Tier | undefined {
  return tiers.find(({ upTo }) => upTo === undefined || quantity <= upTo);
}

/** Begun packages are sold whole. */
export function packagesOf(quantity: bigint, perQuantity: bigint): bigint {
  return (quantity + perQuantity - 1n) / perQuantity;
}

function graduated(tiers: readonly Tier[], perQuantity: bigint, quantity: bigint): bigint {
  return graduatedParts(tiers, quantity).reduce(
    (sum, part) => sum + part.quantity * part.tier.amountMicros + (part.tier.flatMicros ?? 0n) * perQuantity,
    0n,
  );
}

function volume(tiers: readonly Tier[], perQuantity: bigint, quantity: bigint): bigint {
  const tier = volumeTier(tiers, quantity);
  return tier === undefined ? 0n : quantity * tier.amountMicros + (tier.flatMicros ?? 0n) * perQuantity;
}

/** How much the whole before a step of a volume price can become dearer by that step: nothing when tiers fall, as usual. */
function volumeStep({ model, perQuantity }: Priceable): Micros {
  if (model.kind !== 'volume') return 0n;
  let step = 0n;
  for (const [index, tier] of model.tiers.entries()) {
    const next = model.tiers[index + 1];
    if (next === undefined || tier.upTo === undefined || next.amountMicros <= tier.amountMicros) continue;
    step += ceil(tier.upTo * (next.amountMicros - tier.amountMicros), perQuantity);
  }
  return step;
}

function ceil(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

function isAmount(micros: Micros): boolean {
  return micros >= 0n && micros <= MAX_MICROS;
}
