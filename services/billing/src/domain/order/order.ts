import { CURRENCY, type Instant, type Micros, type TenantPath } from '@suanli/kernel';

export type OrderKind = 'purchase' | 'renewal' | 'upgrade' | 'voucher' | 'recharge';
export type OrderState = 'paid' | 'partly_refunded' | 'refunded';

/** One thing that was bought or paid in, with the money of it. */
export type Order = {
  id: string;
  tenant: TenantPath;
  kind: OrderKind;
  /** What it is about: a subscription, a recharge, a voucher. */
  subjectId: string;
  /** For a person: the plan's name and number, the channel. */
  title: string;
  amountMicros: Micros;
  refundedMicros: Micros;
  currency: string;
  /** Which period of a subscription it pays; 0 elsewhere. */
  periodIndex: number;
  /** What it pays for; both absent where time is not the matter. */
  periodFrom?: Instant;
  periodTo?: Instant;
  createdAt: Instant;
};

export function orderState({ amountMicros, refundedMicros }: Order): OrderState {
  if (refundedMicros === 0n) return 'paid';
  return refundedMicros < amountMicros ? 'partly_refunded' : 'refunded';
}

export function refundableMicros(order: Order): Micros {
  return order.amountMicros - order.refundedMicros;
}

export type OrderShare = { order: Order; amountMicros: Micros };

/** Spreads what comes back over the orders that paid it, newest first, never more than each of them has left. */
export function spreadRefund(orders: readonly Order[], amountMicros: Micros): OrderShare[] {
  let rest = amountMicros;
  const shares: OrderShare[] = [];
  for (const order of [...orders].sort((a, b) => (a.id < b.id ? 1 : -1))) {
    const left = refundableMicros(order);
    const share = left < rest ? left : rest;
    if (share <= 0n) continue;
    shares.push({ order, amountMicros: share });
    rest -= share;
  }
  return shares;
}

/** An order of something that has no period: money paid in, a voucher redeemed. */
export function plainOrder(
  of: Pick<Order, 'tenant' | 'kind' | 'subjectId' | 'title' | 'amountMicros'>,
  ctx: { now: Instant; newId: (prefix: string) => string },
): Order {
  return { id: ctx.newId('ord'), ...of, refundedMicros: 0n, currency: CURRENCY, periodIndex: 0, createdAt: ctx.now };
}
