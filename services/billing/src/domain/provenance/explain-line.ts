import { formatYuan, type Micros, toRfc3339 } from '@suanli/kernel';
import type { Price } from '../price/price.ts';
import { amountOf, graduatedParts, packagesOf, volumeTier } from '../price/price-model.ts';
import type { Discount } from '../price/rate.ts';
import type { BillLine } from '../rating/bill-line.ts';
import type { Charge } from '../rating/charge.ts';
import type { Usage } from '../rating/usage.ts';

/** What a line rests on, as far as arithmetic goes. */
export type Evidence = {
  line: BillLine;
  price: Price;
  discount: Discount | undefined;
  /** In the order in which they were made. */
  charges: readonly Charge[];
  usages: readonly Usage[];
  moreCharges: number;
};

/** Under what a charge was made. */
type Priced = { price: Price; line: Pick<BillLine, 'discountBasisPoints'> };

export type Replay = { amountMicros: Micros; isEqual: boolean; isPartial: boolean };

/**
 * Recomputes a line from its stored events and prices: every charge is what its quantity adds at its place, and charges
 * sum to the line. Of a unit price the sum must also be the price of the whole quantity.
 */
export function replayLine({ line, price, charges, moreCharges }: Evidence): Replay {
  const isPartial = moreCharges > 0;
  const amounts = charges.map((charge) => addedBy(charge, price, line.discountBasisPoints));
  const amountMicros = amounts.reduce((sum, amount) => sum + amount, 0n);
  const isEachRight = charges.every((charge, at) => charge.amountMicros === amounts[at]);
  const wholeMicros = amountOf(price, line.quantity, line.discountBasisPoints);
  const isWholeRight = line.period !== '' || wholeMicros === line.amountMicros;
  const isEqual = isEachRight && isWholeRight && (isPartial || amountMicros === line.amountMicros);
  return { amountMicros, isEqual, isPartial };
}

/** What a charge adds: the amount after it less the amount before it. */
export function addedBy({ baseQuantity, quantity }: Charge, price: Price, basisPoints: number): Micros {
  return amountOf(price, baseQuantity + quantity, basisPoints) - amountOf(price, baseQuantity, basisPoints);
}

/** How the amount of the line comes about, for a person with a calculator. */
export function lineSteps({ line, price, charges }: Evidence): string[] {
  const sums = `${count(charges.length, 'charge')} add up to ${line.quantity} ${line.meter} and ${line.amountMicros} micros`;
  const { refundedMicros, creditedMicros } = line;
  const back =
    refundedMicros === 0n && creditedMicros === 0n
      ? []
      : [`of which came back: ${refundedMicros} micros by refunds, ${creditedMicros} micros by credits`];
  if (line.period === '') {
    return [
      `${sums} (${formatYuan(line.amountMicros)})`,
      ...back,
      ...amountSteps(price, line.quantity, line.discountBasisPoints),
    ];
  }
  return [
    sums,
    ...back,
    `the price looks at everything that the account used of it in ${line.period}: each charge is the amount of the total after it less the amount of the total before it`,
  ];
}

/** How one charge comes about: its part of the event's window, then its amount at its place. */
export function chargeSteps(charge: Charge, usage: Usage | undefined, { price, line }: Priced): string[] {
  const { baseQuantity, quantity, amountMicros } = charge;
  const after = baseQuantity + quantity;
  const basisPoints = line.discountBasisPoints;
  return [
    ...quantitySteps(charge, usage),
    `before: ${baseQuantity}, after: ${baseQuantity} ${signed(quantity)} = ${after}`,
    `amount after: ${amountText(price, after, basisPoints)}`,
    `amount before: ${amountText(price, baseQuantity, basisPoints)}`,
    ...backSteps(charge),
    `charge: ${amountOf(price, after, basisPoints)} - ${amountOf(price, baseQuantity, basisPoints)} = ${amountMicros} micros`,
  ];
}

/** What a correction takes away and nobody gets, because it had come back before. */
function backSteps({ refundedMicros, creditedMicros, walletMicros }: Charge): string[] {
  const by = [
    ...(refundedMicros < 0n ? [`${-refundedMicros} micros by a refund`] : []),
    ...(creditedMicros < 0n ? [`${-creditedMicros} micros by a credit for unusable time`] : []),
  ];
  return by.length === 0 ? [] : [`had come back before: ${by.join(', ')}; comes back now: ${-walletMicros} micros`];
}

function quantitySteps(charge: Charge, usage: Usage | undefined): string[] {
  const reading = usage?.readings.filter(({ meter }) => meter === charge.meter);
  if (usage === undefined || reading === undefined || reading.length === 0) return [];
  const whole = reading.reduce((sum, one) => sum + one.quantity, 0n);
  const told = `event ${usage.usageId} tells ${whole} ${charge.meter} from ${toRfc3339(usage.from)} to ${toRfc3339(usage.to)}`;
  if (usage.correctsUsageId !== undefined || charge.revision > 0) {
    const why =
      charge.revision > 0 ? 'it was rated again because its epoch was fenced' : `it corrects ${usage.correctsUsageId}`;
    return [told, `${why}: what it says of ${charge.day}, less what was charged before, is ${charge.quantity}`];
  }
  const isPart = charge.quantity !== whole;
  if (!isPart) return [told];
  const [from, to, length] = [charge.usageFrom - usage.from, charge.usageTo - usage.from, usage.to - usage.from];
  const upTo = (ms: number) => `floor(${whole} x ${ms} / ${length})`;
  return [told, `of which ${charge.day}: ${upTo(to)} - ${upTo(from)} = ${charge.quantity}`];
}

function amountSteps(price: Price, quantity: bigint, basisPoints: number): string[] {
  return [`amount: ${amountText(price, quantity, basisPoints)}`];
}

/** The whole formula with its numbers: `floor((10 x 100 + 3 x 60) / 1) = 1180 micros`. */
export function amountText(price: Price, quantity: bigint, basisPoints: number): string {
  const amount = `${amountOf(price, quantity, basisPoints)} micros`;
  if (quantity === 0n) return '0 micros for nothing';
  const { numerator, denominator } = formula(price, quantity);
  if (basisPoints === 0)
    return denominator === '1' ? `${numerator} = ${amount}` : `floor(${numerator} / ${denominator}) = ${amount}`;
  const scale = denominator === '1' ? '10000' : `(${denominator} x 10000)`;
  return `floor(${numerator} x ${10_000 - basisPoints} / ${scale}) = ${amount}, with ${basisPoints} basis points off`;
}

function formula(
  { model, amountMicros, perQuantity }: Price,
  quantity: bigint,
): { numerator: string; denominator: string } {
  const denominator = String(perQuantity);
  switch (model.kind) {
    case 'unit':
      return { numerator: `${quantity} x ${amountMicros}`, denominator };
    case 'graduated': {
      const parts = graduatedParts(model.tiers, quantity).map(
        ({ tier, quantity: part }) => `${part} x ${tier.amountMicros}${flat(tier.flatMicros, perQuantity)}`,
      );
      return { numerator: `(${parts.join(' + ')})`, denominator };
    }
    case 'volume': {
      const tier = volumeTier(model.tiers, quantity);
      return {
        numerator: `(${quantity} x ${tier?.amountMicros ?? 0n}${flat(tier?.flatMicros, perQuantity)})`,
        denominator,
      };
    }
    case 'package':
      return {
        numerator: `ceil(${quantity} / ${perQuantity}) x ${amountMicros} = ${packagesOf(quantity, perQuantity)} x ${amountMicros}`,
        denominator: '1',
      };
    case 'flat':
      return { numerator: `${amountMicros} once a month`, denominator: '1' };
    case 'withdrawn':
      return { numerator: '0', denominator: '1' };
  }
}

function flat(flatMicros: Micros | undefined, perQuantity: bigint): string {
  return flatMicros === undefined || flatMicros === 0n ? '' : ` + ${flatMicros} x ${perQuantity}`;
}

function signed(quantity: bigint): string {
  return quantity < 0n ? `- ${-quantity}` : `+ ${quantity}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
